import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../object.ts';
import { badRequest } from '../status.ts';
import { crdSchema } from './crd-schema.ts';
import { decodeBuiltin } from './decode.ts';
import { coreEventSchema } from './event-schema.ts';
import { leaseResource } from './lease.ts';
import { nodeSchema } from './node-schema.ts';

const node = (rest: JsonObject): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, ...rest }) as unknown as KubeObject;

describe('decodeBuiltin', () => {
  it('drops unknown fields and names them as strict decoding does', () => {
    const object = node({
      spec: { foo: 1, taints: [{ key: 'k', effect: 'NoSchedule', colour: 'red' }] },
      metadata: { name: 'n', nmae: 'x' },
      extra: {},
    });
    expect(decodeBuiltin(object, nodeSchema).sort()).toEqual(['extra', 'metadata.nmae', 'spec.foo', 'spec.taints[0].colour']);
    expect(object.spec).toEqual({ taints: [{ key: 'k', effect: 'NoSchedule' }] });
  });

  it('drops nulls and optional zero values, and writes what is always there', () => {
    const object = node({
      spec: { unschedulable: false, providerID: '', taints: null },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    });
    decodeBuiltin(object, nodeSchema);
    expect(object.spec).toEqual({});
    expect(object.status).toMatchObject({
      conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: null, lastTransitionTime: null }],
      daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
      nodeInfo: { machineID: '', kubeletVersion: '' },
    });
  });

  it('keeps the zero values of pointers', () => {
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'l' },
      spec: { holderIdentity: '', leaseTransitions: 0 },
    };
    decodeBuiltin(lease as unknown as KubeObject, leaseResource.schema);
    expect(lease.spec).toEqual({ holderIdentity: '', leaseTransitions: 0 });
  });

  it('writes times in UTC, with whole seconds or with microseconds', () => {
    const event = node({
      firstTimestamp: '2026-01-01T02:00:00.999+02:00',
      eventTime: '2026-01-01T01:00:00.120000+01:00',
      involvedObject: {},
    });
    decodeBuiltin(event, coreEventSchema);
    expect(event).toMatchObject({ firstTimestamp: '2026-01-01T00:00:00Z', eventTime: '2026-01-01T00:00:00.120000Z', lastTimestamp: null });
  });

  it('reads schemas inside schemas, and leaves free values alone', () => {
    const schema = {
      type: 'object',
      properties: { a: { items: { type: 'string', oops: 1 }, default: { b: null } } },
      additionalProperties: true,
    };
    const crd = node({ spec: { versions: [{ name: 'v1', schema: { openAPIV3Schema: schema } }] } });
    expect(decodeBuiltin(crd, crdSchema)).toEqual([]);
    expect(crd.spec).toMatchObject({
      versions: [
        {
          served: false,
          schema: {
            openAPIV3Schema: { properties: { a: { items: { type: 'string' }, default: { b: null } } }, additionalProperties: true },
          },
        },
      ],
    });
  });

  it.each<[string, JsonObject, string]>([
    [
      'text for a truth value',
      { spec: { unschedulable: 'yes' } },
      'Node in version "v1" cannot be handled as a Node: json: cannot unmarshal string into Go struct field NodeSpec.spec.unschedulable of type bool',
    ],
    [
      'a list for an object',
      { spec: [] },
      'Node in version "v1" cannot be handled as a Node: json: cannot unmarshal array into Go struct field Node.spec of type v1.NodeSpec',
    ],
    [
      'an object for a list',
      { spec: { taints: {} } },
      'Node in version "v1" cannot be handled as a Node: json: cannot unmarshal object into Go struct field NodeSpec.spec.taints of type []v1.Taint',
    ],
    [
      'a number for a label',
      { metadata: { name: 'n', labels: { a: 1 } } },
      'Node in version "v1" cannot be handled as a Node: json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    ],
  ])('refuses %s in the words of Go', (_what, rest, message) => {
    // A copy: what is decoded is changed, and a second try shall be given the same.
    expect(() => decodeBuiltin(node(structuredClone(rest)), nodeSchema)).toThrow(badRequest(message));
  });
});
