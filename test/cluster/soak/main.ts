/**
 * A soak: `npm run test:soak [-- SECONDS] [-- --seed NUMBER]`. Everything that can go wrong does, at random, for so long; then all comes to
 * rest, and nothing may be lost or doubled. The seed repeats what is done, not how processes interleave.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { seededRandom } from '../../support/seeded-random.ts';
import { cast } from './cast.ts';
import { Intents } from './intents.ts';
import { Mischief } from './mischief.ts';
import { settle } from './settle.ts';
import { nodeNames, Site } from './site.ts';
import { Witness } from './witness.ts';

const { values, positionals } = parseArgs({ options: { seed: { type: 'string' }, keep: { type: 'boolean' } }, allowPositionals: true });
const seconds = Number(positionals[0] ?? process.env['SOAK_SECONDS'] ?? 600);
const seed = Number(values.seed ?? process.env['SOAK_SEED'] ?? Date.now() % 1_000_000);
const say = (text: string): void => void process.stdout.write(`${text}\n`);

say(`soak: ${seconds} s, --seed ${seed}`);
const random = seededRandom(seed);
const site = await Site.start();
const began = Date.now();
const chronicle: string[] = [];
const note = (text: string): void => void chronicle.push(`${new Date().toISOString()} ${text}`);
const roles = cast(nodeNames);
const intents = new Intents(site.client, roles);
const witness = new Witness(site, intents);
const watching = new AbortController();
const watched = witness.run(watching.signal);
const mischief = new Mischief({ site, intents, witness, roles, random, note });

while (Date.now() - began < seconds * 1000) {
  mischief.strike();
  await sleep(200 + random() * 800);
}
await mischief.end();
for (const process of site.processes()) if (!process.runs) process.start();
await mischief.openAll();
note('the mischief has ended');
const ended = Date.now();
const rest = await settle(site, intents);
const atRest = Date.now();
watching.abort();
await watched;
const lost = site.processes().filter((each) => each.lost);
const wrong = [...rest.wrong, ...witness.violations, ...lost.map(({ name }) => `${name} has ended by itself`)];

await writeFile(join(site.directory, 'chronicle.log'), `${chronicle.join('\n')}\n`);
say(`${chronicle.length} deeds, ${witness.looks} looks; at rest after ${((atRest - ended) / 1000).toFixed(1)} s: ${rest.summary}`);
if (wrong.length === 0) say('nothing lost, nothing doubled');
else say(`FAILED (again with --seed ${seed}; logs are in ${site.directory}):\n  ${wrong.join('\n  ')}`);
await site.close(values.keep === true || wrong.length > 0);
process.exitCode = wrong.length === 0 ? 0 : 1;
