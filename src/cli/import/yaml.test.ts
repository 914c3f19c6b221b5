import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { mdevDeviceSchema } from '../../api/mdev-device.ts';
import { dnsLabel } from '../../api/patterns.ts';
import type { ImportedDevice } from './plan.ts';
import { importedObject, importedYAML, objectName } from './yaml.ts';
import { anyDefinedDevice } from '../testing/defined-device.ts';

const target = { namespace: 'default', nodeName: 'node-1' };
const device: ImportedDevice = {
  uuid: '11111111-1111-4111-8111-111111111111',
  parent: '0000:86:00.0',
  typeID: 'nvidia-11',
  attributes: [{ name: 'assign_adapter', value: '5' }],
  adopt: true,
  comment: 'Live.',
  withheld: false,
};

function read(text: string, version: '1.1' | '1.2'): unknown[] {
  return parseAllDocuments(text, { version }).flatMap((document) => {
    expect(document.errors).toEqual([]);
    return document.contents === null ? [] : [document.toJS() as unknown];
  });
}

describe('the YAML of imported devices', () => {
  it('reads as the examples do', () => {
    expect(importedYAML([device], target)).toBe(`---
# Live.
apiVersion: mediated.dev/v1alpha1
kind: MdevDevice
metadata:
  name: mdev-11111111-1111-4111-8111-111111111111
  namespace: default
spec:
  uuid: 11111111-1111-4111-8111-111111111111
  type:
    id: nvidia-11
  nodeName: node-1
  parent:
    name: "0000:86:00.0"
  attributes:
    - name: assign_adapter
      value: "5"
  adopt: true
  reclaimPolicy: Retain`);
  });

  it('has withheld devices as comments, which are as the others when uncommented', () => {
    const withheld = importedYAML([{ ...device, withheld: true }], target);
    const plain = importedYAML([device], target);
    expect(importedYAML([{ ...device, withheld: true }, device], target)).toBe(`${withheld}\n${plain}`);
    expect(read(`${withheld}\n${plain}`, '1.2')).toEqual([importedObject(device, target)]);
    expect(withheld.replace(/^# /gm, '')).toBe(plain);
  });

  it('says the same to a reader of YAML 1.1, as kubectl is, and of YAML 1.2, whatever the device is called', () => {
    const imported = fc.record({ defined: anyDefinedDevice, adopt: fc.boolean() });
    fc.assert(
      fc.property(fc.array(imported, { minLength: 1, maxLength: 3 }), (list) => {
        const devices = list.map(({ defined, adopt }) => ({ ...defined, adopt, comment: 'x', withheld: false }));
        const objects = devices.map((one) => importedObject(one, target));
        const text = importedYAML(devices, target);
        expect(read(text, '1.1')).toEqual(objects);
        expect(read(text, '1.2')).toEqual(objects);
        expect(text).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]/);
      }),
    );
  });

  it.each(['e0', 'E5', 'no', 'null'])('has %s for text', (parent) => {
    expect(read(importedYAML([{ ...device, parent }], target), '1.1')).toMatchObject([{ spec: { parent: { name: parent } } }]);
  });

  it('is of objects that the API takes, each with a name of its own', () => {
    fc.assert(
      fc.property(anyDefinedDevice, fc.boolean(), (defined, adopt) => {
        const object = importedObject({ ...defined, adopt, comment: '', withheld: false }, target);
        expect(mdevDeviceSchema.safeParse(object).error).toBeUndefined();
        const name = objectName(defined.uuid);
        expect(dnsLabel.test(name) && name.length <= 63 && name.endsWith(defined.uuid)).toBe(true);
      }),
    );
  });
});
