/**
 * The real server's answers to the corpus, kept in recorded.jsonl: one line a case, `[name, outcome]`.
 * `npm run test:cluster` compares them with the real server (and with `-- -u` records them anew); `npm test` compares
 * the embedded server with them, so that it needs no real one.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome } from './outcome.ts';

export const recordedFile = join(import.meta.dirname, 'recorded.jsonl');

export function recordedText(outcomes: ReadonlyMap<string, Outcome>): string {
  return [...outcomes].map((line) => `${JSON.stringify(line)}\n`).join('');
}

export async function readRecorded(): Promise<Map<string, Outcome>> {
  const lines = (await readFile(recordedFile, 'utf8')).trimEnd().split('\n');
  return new Map(lines.map((line) => JSON.parse(line) as [string, Outcome]));
}
