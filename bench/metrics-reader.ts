const writing = new Set(['create', 'replace', 'apply', 'patch', 'delete']);

/** How many requests a process has sent to its API server so far, as its own metrics say, by verb and resource: `apply mdevdevices`. */
export async function requestsByVerb(metricsPort: number): Promise<Map<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const requests = new Map<string, number>();
  for (const [, verb = '', resource = '', count] of text.matchAll(
    /^mdev_api_requests_total\{verb="(\w+)",resource="(\w+)",code="\d+"\} (\d+)/gm,
  ))
    requests.set(`${verb} ${resource}`, (requests.get(`${verb} ${resource}`) ?? 0) + Number(count));
  return requests;
}

/** Those of them that write, by resource. Leases are left out. */
export function writesOf(requests: ReadonlyMap<string, number>): Map<string, number> {
  const writes = new Map<string, number>();
  for (const [what, count] of requests) {
    const [verb = '', resource = ''] = what.split(' ');
    if (writing.has(verb) && resource !== 'leases') writes.set(resource, (writes.get(resource) ?? 0) + count);
  }
  return writes;
}

/** How many writes a process has sent to its API server so far, by resource. Leases are left out. */
export async function writesByResource(metricsPort: number): Promise<Map<string, number>> {
  return writesOf(await requestsByVerb(metricsPort));
}

/** The sum over all resources. */
export function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

/** What has come since `before`. */
export function difference(after: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...after].map(([what, count]) => [what, count - (before.get(what) ?? 0)] as const).filter(([, more]) => more > 0));
}
