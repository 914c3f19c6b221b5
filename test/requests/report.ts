/** By hand: `node test/requests/report.ts [scenario...]` prints where the embedded server differs from the recordings. */
import { startEmbedded } from '../manifests/embedded.ts';
import { type Difference, differencesOfNotes, judge, tableOf } from './differences.ts';
import { knownDifferences } from './known-differences.ts';
import { converse, readRecording } from './recording.ts';
import { scenarios } from './scenarios.ts';

const wanted = process.argv.slice(2);
const server = await startEmbedded();
try {
  for (const scenario of scenarios.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    let found: Difference[];
    try {
      found = differencesOfNotes(scenario.name, await readRecording(scenario), await converse(server.kubeconfig, scenario));
    } catch (error) {
      process.stdout.write(`## ${scenario.name}: broke off: ${String(error)}\n`);
      continue;
    }
    const { unknown } = judge(found, knownDifferences);
    process.stdout.write(
      `## ${scenario.name}: ${unknown.length} differences, and ${found.length - unknown.length} that are meant\n${tableOf(unknown)}`,
    );
  }
  for (const complaint of server.complaints) process.stdout.write(`log: ${complaint}\n`);
} finally {
  await server.stop();
}
