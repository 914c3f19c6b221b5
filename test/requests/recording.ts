/** What the real server answered in each scenario: recorded/<name>.jsonl, one noted answer a line. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RawClient } from '../cluster/raw-client.ts';
import { makeNamespace } from '../manifests/send.ts';
import type { Scenario } from './scenario.ts';
import { type Note, Session } from './session.ts';

let conversations = 0;

/** Has the conversation with the server of the kubeconfig, in a namespace of its own: a second try meets nothing of the first. */
export async function converse(kubeconfig: string, scenario: Scenario): Promise<readonly Note[]> {
  const client = await RawClient.fromKubeconfig(kubeconfig);
  try {
    const name = `requests-${scenario.name}`;
    const session = new Session(client, `${name}-${String(++conversations)}`, name);
    await makeNamespace(client, session.namespace);
    await scenario.run(session);
    return session.notes;
  } finally {
    client.close();
  }
}

export function recordingFile(scenario: Scenario): string {
  return join(import.meta.dirname, 'recorded', `${scenario.name}.jsonl`);
}

export function recordingText(notes: readonly Note[]): string {
  return notes.map((note) => `${JSON.stringify(note)}\n`).join('');
}

export async function readRecording(scenario: Scenario): Promise<readonly Note[]> {
  const lines = (await readFile(recordingFile(scenario), 'utf8')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Note);
}
