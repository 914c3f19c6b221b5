// Writes the generated files, or with --check says which of them are not as they would be generated.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { customResourceDefinitions } from '../src/api/crds.ts';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const folder = new URL('../crds/', import.meta.url);
const header = '# Generated from src/api by `npm run generate`. Do not edit.\n';

await mkdir(folder, { recursive: true });
const stale: string[] = [];
for (const [name, crd] of customResourceDefinitions()) {
  const file = new URL(name, folder);
  const text = header + stringify(crd, { lineWidth: 0, aliasDuplicateObjects: false });
  const present = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (present === text) continue;
  if (values.check) stale.push(`crds/${name}`);
  else await writeFile(file, text);
}
if (stale.length > 0) {
  console.error(`Not as generated: ${stale.join(', ')}. Run \`npm run generate\` and commit the result.`);
  process.exitCode = 1;
}
