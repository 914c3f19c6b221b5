// Writes the generated files, or with --check says which of them are not as they would be generated.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { parse, stringify } from 'yaml';
import { customResourceDefinitions } from '../src/api/crds.ts';
import { reasonTables } from './reason-tables.ts';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const root = new URL('../', import.meta.url);
const stale: string[] = [];

async function present(file: string): Promise<string | undefined> {
  try {
    return await readFile(new URL(file, root), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Has `file` hold `text`, or notes that it does not. */
async function generate(file: string, text: string): Promise<void> {
  if ((await present(file)) === text) return;
  if (values.check) stale.push(file);
  else await writeFile(new URL(file, root), text);
}

function header(source: string): string {
  return `# Generated from ${source} by \`npm run generate\`. Do not edit.\n`;
}

await mkdir(new URL('crds/', root), { recursive: true });
for (const [name, crd] of customResourceDefinitions())
  await generate(`crds/${name}`, header('src/api') + stringify(crd, { lineWidth: 0, aliasDuplicateObjects: false }));

const alerts = 'deploy/overlays/monitoring/alerts.yaml';
const rule = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PrometheusRule',
  metadata: { name: 'mdev-operator', labels: { 'app.kubernetes.io/part-of': 'mdev-operator' } },
  spec: parse((await present(alerts)) ?? '') as object,
};
await generate('deploy/overlays/monitoring/prometheus-operator/prometheus-rule.yaml', header(alerts) + stringify(rule, { lineWidth: 0 }));

const operations = 'docs/OPERATIONS.md';
await generate(operations, reasonTables((await present(operations)) ?? ''));

if (stale.length > 0) {
  console.error(`Not as generated: ${stale.join(', ')}. Run \`npm run generate\` and commit the result.`);
  process.exitCode = 1;
}
