import { get, type RequestOptions } from 'node:https';
import { clientFor } from '../test/support/cluster-client.ts';
import { createDevices } from './device-objects.ts';
import { connectionOptions } from './https-connection.ts';
import { startApiServerProcess } from './processes.ts';
import { compare, median, type BenchResult } from './result.ts';

const count = 10_000;
const path = '/apis/mediated.dev/v1alpha1/mdevdevices?limit=500';
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

interface Page {
  readonly bytes: Buffer;
  readonly next: string | undefined;
}

/**
 * Lists 10,000 MdevDevices as kubectl does, over HTTPS in pages of 500, in JSON (-o json) and as a table (plain get); beside the
 * time to serialize the same objects once with JSON.stringify. Only the server's work and the wire count: the client reads
 * bytes and parses nothing but the token of the next page.
 */
export async function apiList(): Promise<readonly BenchResult[]> {
  await using server = await startApiServerProcess();
  const client = clientFor(server.kubeconfig);
  await createDevices(client, count);
  await client.close();
  const connection = await connectionOptions(server.kubeconfig, 1);

  const serialize: number[] = [];
  const json: number[] = [];
  const tables: number[] = [];
  const objects = (await listAll(connection, 'application/json')).flatMap(
    ({ bytes }) => (JSON.parse(bytes.toString()) as { items: unknown[] }).items,
  );
  if (objects.length !== count) throw new Error(`the list has ${objects.length} objects`);
  for (let run = 0; run < 7; run++) {
    serialize.push(await timed(async () => JSON.stringify({ items: objects })));
    json.push(await timed(() => listAll(connection, 'application/json')));
    tables.push(await timed(() => listAll(connection, table)));
  }
  return [
    compare('api.list', median(json), 'ms', median(serialize), 3),
    compare('api.list.table', median(tables), 'ms', median(serialize), 3),
  ];
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  return performance.now() - start;
}

async function listAll(connection: RequestOptions, accept: string): Promise<Page[]> {
  const pages: Page[] = [];
  let token: string | undefined;
  do {
    const page = await fetchPage(connection, accept, token === undefined ? path : `${path}&continue=${encodeURIComponent(token)}`);
    pages.push(page);
    token = page.next;
  } while (token !== undefined);
  return pages;
}

function fetchPage(connection: RequestOptions, accept: string, target: string): Promise<Page> {
  return new Promise((resolve, reject) => {
    get({ ...connection, path: target, headers: { ...(connection.headers as Record<string, string> | undefined), accept } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        if (response.statusCode !== 200) reject(new Error(`${target}: ${response.statusCode ?? 0} ${bytes.toString().slice(0, 500)}`));
        // The list's metadata stands before its items.
        const next = /"continue":"([^"]+)"/.exec(bytes.subarray(0, 1000).toString() + bytes.subarray(-1000).toString())?.[1];
        resolve({ bytes, next });
      });
    }).on('error', reject);
  });
}
