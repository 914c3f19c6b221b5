import protobuf from 'protobufjs/light.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StatusError } from '../status.ts';
import { decodeProtobuf } from './decode.ts';
import { kubernetesMessages } from './messages.ts';

const root = protobuf.Root.fromJSON(kubernetesMessages());
const encode = (message: string, value: object): Uint8Array =>
  root.lookupType(message).encode(root.lookupType(message).fromObject(value)).finish();

function body(apiVersion: string, kind: string, message: string, value: object): Uint8Array {
  const envelope = encode('Unknown', { typeMeta: { apiVersion, kind }, raw: encode(message, value) });
  return Buffer.concat([Buffer.from('k8s\0'), envelope]);
}

function codeOf(bytes: Uint8Array): number | undefined {
  try {
    decodeProtobuf(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof StatusError) return error.code;
    throw error;
  }
}

describe('decodeProtobuf', () => {
  it('reads the namespace that kubectl creates', () => {
    // Captured from kubectl 1.33 create namespace demo.
    const bytes = Buffer.from('azhzAAoPCgJ2MRIJTmFtZXNwYWNlEhwKFAoEZGVtbxIAGgAiACoAMgA4AEIAEgAaAgoAGgAiAA==', 'base64');
    expect(decodeProtobuf(bytes)).toMatchObject({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } });
  });

  it('turns times, quantities, maps and field sets into what JSON has for them', () => {
    const raw = Buffer.from('{"f:spec":{}}').toString('base64');
    const node = {
      metadata: {
        name: 'n',
        labels: { a: 'b' },
        creationTimestamp: { seconds: 1767225600 },
        deletionTimestamp: {},
        managedFields: [{ manager: 'm', fieldsV1: { Raw: raw }, time: { seconds: 1767225600 } }],
      },
      status: {
        capacity: { cpu: { string: '4' } },
        conditions: [{ type: 'Ready', lastHeartbeatTime: { seconds: 1767225600, nanos: 120_000_000 } }],
      },
    };
    expect(decodeProtobuf(body('v1', 'Node', 'Node', node))).toEqual({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: 'n',
        labels: { a: 'b' },
        creationTimestamp: '2026-01-01T00:00:00.000000Z',
        managedFields: [{ manager: 'm', fieldsV1: { 'f:spec': {} }, time: '2026-01-01T00:00:00.000000Z' }],
      },
      status: { capacity: { cpu: '4' }, conditions: [{ type: 'Ready', lastHeartbeatTime: '2026-01-01T00:00:00.120000Z' }] },
    });
  });

  it('tells the two Events apart by their apiVersion', () => {
    expect(decodeProtobuf(body('v1', 'Event', 'CoreEvent', { message: 'm', count: 2 }))).toMatchObject({ message: 'm', count: 2 });
    expect(decodeProtobuf(body('events.k8s.io/v1', 'Event', 'EventsEvent', { note: 'n' }))).toMatchObject({ note: 'n' });
  });

  it('reads DeleteOptions under any version', () => {
    const options = { propagationPolicy: 'Foreground', preconditions: { uid: 'u' }, dryRun: ['All'] };
    expect(decodeProtobuf(body('coordination.k8s.io/v1', 'DeleteOptions', 'DeleteOptions', options))).toMatchObject(options);
  });

  it('refuses kinds it does not read, and bytes that are no message', () => {
    expect(codeOf(body('v1', 'Pod', 'Namespace', {}))).toBe(415);
    expect(codeOf(Buffer.from('{}'))).toBe(400);
    expect(codeOf(Buffer.concat([Buffer.from('k8s\0'), Buffer.from([0x0a, 0xff])]))).toBe(400);
  });

  it('answers random bytes with a refusal or an object, never with another error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        codeOf(Buffer.concat([Buffer.from('k8s\0'), bytes]));
        codeOf(Buffer.concat([Buffer.from('k8s\0'), encode('Unknown', { typeMeta: { apiVersion: 'v1', kind: 'Node' }, raw: bytes })]));
      }),
    );
  });
});
