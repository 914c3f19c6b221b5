import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { exportFormats } from './format.ts';
import { writeFiles } from './files.ts';
import { planExport } from './plan.ts';
import { readFiles } from './read.ts';
import { readDefinitions } from '../import/files.ts';
import { planImport, type ImportedDevice } from '../import/plan.ts';
import { importedYAML } from '../import/yaml.ts';
import { anyDefinedDevice } from '../testing/defined-device.ts';

const target = { namespace: 'default', nodeName: 'node-1' };

const anyDevices = fc.uniqueArray(fc.record({ defined: anyDefinedDevice, live: fc.boolean() }), {
  selector: ({ defined }) => defined.uuid,
  minLength: 1,
  maxLength: 4,
});

/** What import prints on a node with these devices, some live, that are defined in `dir`. */
async function importFrom(dir: string, live: readonly ImportedDevice[]): Promise<string> {
  const { definitions, unusable, refusals } = await readDefinitions(dir);
  expect(refusals).toEqual([]);
  const devices = live.map(({ uuid, parent, typeID }) => ({ id: uuid, parent, typeID, state: 'live' as const }));
  const plan = planImport({ live: devices, definitions, unusable, owners: new Map() }, false);
  return importedYAML(plan.devices, target);
}

it('what import prints is printed again when it was exported to mdevctl, with every attribute in its place', async () => {
  await fc.assert(
    fc.asyncProperty(anyDevices, async (list) => {
      const folder = await mkdtemp(join(tmpdir(), 'round-'));
      try {
        const devices = list.map(({ defined, live }) => ({ ...defined, adopt: live, comment: '', withheld: false }));
        const live = devices.filter(({ adopt }) => adopt);
        const objects = join(folder, 'objects.yaml');
        await writeFile(objects, importedYAML(devices, target));
        const format = exportFormats.mdevctl;

        const first = planExport({ ...(await readFiles([objects])), format, node: undefined });
        expect([first.refusals, first.files.length]).toEqual([[], devices.length]);
        await writeFiles(join(folder, 'one'), first.files, false);
        const yaml = await importFrom(join(folder, 'one'), live);

        await writeFile(objects, yaml);
        const read = (await readFiles([objects])).devices.map(({ spec }) => spec);
        const byUUID = new Map(devices.map((device) => [device.uuid, device]));
        expect(read).toHaveLength(devices.length);
        for (const spec of read) {
          const { parent, typeID, attributes, adopt } = byUUID.get(spec.uuid ?? '') ?? {};
          expect([spec.parent?.name, spec.type.id, spec.attributes ?? [], spec.adopt]).toEqual([parent, typeID, attributes, adopt]);
        }
        const second = planExport({ ...(await readFiles([objects])), format, node: undefined });
        await writeFiles(join(folder, 'two'), second.files, false);
        expect(await importFrom(join(folder, 'two'), live)).toBe(yaml);
      } finally {
        await rm(folder, { recursive: true });
      }
    }),
    { numRuns: 40 },
  );
});
