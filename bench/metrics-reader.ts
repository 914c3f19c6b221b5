const writing = new Set(['create', 'replace', 'apply', 'patch', 'delete']);

/** How many writes a process has sent to its API server so far, by resource, as its own metrics say. Leases are left out. */
export async function writesByResource(metricsPort: number): Promise<Map<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const writes = new Map<string, number>();
  for (const [, verb = '', resource = '', count] of text.matchAll(
    /^mdev_api_requests_total\{verb="(\w+)",resource="(\w+)",code="\d+"\} (\d+)/gm,
  ))
    if (writing.has(verb) && resource !== 'leases') writes.set(resource, (writes.get(resource) ?? 0) + Number(count));
  return writes;
}

/** The sum over all resources. */
export function total(writes: ReadonlyMap<string, number>): number {
  return [...writes.values()].reduce((sum, count) => sum + count, 0);
}
