import fc from 'fast-check';
import type { DefinedDevice } from '../host-tools/mdevctl-definition.ts';

const word = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.:+-]{0,12}$/);
const kernelFile = /^(remove|uevent|driver|power|subsystem|mdev_type|iommu_group|vfio-dev|device)$/;

/** Attributes as an MdevDevice may have them: names may repeat, and values are any line of well-formed text. */
const attribute = fc.record({
  name: fc.oneof(
    word.filter((text) => !kernelFile.test(text)),
    fc.tuple(word, word).map(([folder, file]) => `x${folder}/${file}`),
    fc.constantFrom('__proto__', 'constructor', 'toString', '1'),
  ),
  value: fc
    .oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
      fc.constantFrom(
        'yes',
        'null',
        '~',
        '010',
        '0x5',
        '1:30',
        '1e3',
        ' ',
        '#',
        '- a',
        '"',
        "'",
        '\t',
        '<&>',
        '\u0085',
        '\u2028',
        '\ufeff',
      ),
    )
    .filter((text) => !/[\x00\n\r]/.test(text) && text.isWellFormed()),
});

/** Any device that an MdevDevice, mdevctl and libvirt can say. */
export const anyDefinedDevice: fc.Arbitrary<DefinedDevice> = fc.record({
  uuid: fc.uuid().filter((uuid) => uuid !== '00000000-0000-0000-0000-000000000000'),
  parent: fc.oneof(word, fc.constantFrom('0000:86:00.0', '0.0.0313', 'matrix', 'mtty', 'yes', '1')),
  typeID: fc.oneof(word, fc.constantFrom('nvidia-11', 'i915-GVTg_V5_2', 'no', '11')),
  attributes: fc.array(attribute, { maxLength: 5 }),
});
