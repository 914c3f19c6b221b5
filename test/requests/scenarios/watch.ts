import { device, itemsOf, mergePatch, metadataOf, type Scenario } from '../scenario.ts';
import type { Json, Session, WatchEvent } from '../session.ts';

const brief = (object: Json): unknown => {
  const { name, labels } = metadataOf(object) as { name: string; labels?: unknown };
  return object['kind'] === 'Status'
    ? object
    : { kind: object['kind'], name, labels, metadata: object['spec'] === undefined ? object['metadata'] : undefined };
};
const count =
  (n: number) =>
  (events: WatchEvent[]): boolean =>
    events.length >= n;

async function patch(session: Session, name: string, body: object): Promise<void> {
  await session.prepare({ method: 'PATCH', path: `${session.devices}/${name}`, type: mergePatch, body });
}
const make = (session: Session, name: string, labels: Json = {}): Promise<Json> =>
  session.prepare({ method: 'POST', path: session.devices, body: device(name, {}, { labels }) });
const remove = (session: Session, name: string): Promise<Json> => session.prepare({ method: 'DELETE', path: `${session.devices}/${name}` });

export const watch: Scenario = {
  name: 'watch',
  async run(session) {
    const { devices } = session;
    await make(session, 'a', { app: 'x' });
    const list = await session.prepare({ path: devices });
    const version = metadataOf(list).resourceVersion;
    const life = async (): Promise<void> => {
      await make(session, 'b', { app: 'x' });
      await patch(session, 'b', { spec: { online: false } });
      await patch(session, 'b', {});
      await remove(session, 'b');
    };
    await session.watch('from a version, whole events', { path: `${devices}?watch=true&resourceVersion=${version}` }, life, count(3));
    await session.watch('without version', { path: `${devices}?watch=1`, pick: brief }, life, count(4));
    await session.watch(
      'from any version',
      { path: `${devices}?watch=true&resourceVersion=0`, pick: brief },
      async () => undefined,
      count(1),
    );
    await session.watch(
      'past events are replayed',
      { path: `${devices}?watch=true&resourceVersion=${version}`, pick: brief },
      async () => undefined,
      count(6),
    );
    const now = metadataOf(await session.prepare({ path: devices })).resourceVersion;
    await session.watch(
      'a label selector',
      { path: `${devices}?watch=true&resourceVersion=${now}&labelSelector=app%3Dx`, pick: brief },
      async () => {
        await make(session, 'c', { app: 'y' });
        await patch(session, 'c', { metadata: { labels: { app: 'x' } } });
        await patch(session, 'c', { metadata: { labels: { more: '1' } } });
        await patch(session, 'c', { metadata: { labels: { app: 'y' } } });
        await patch(session, 'c', { metadata: { labels: { app: 'x' } } });
        await remove(session, 'c');
      },
      count(5),
    );
    const then = metadataOf(await session.prepare({ path: devices })).resourceVersion;
    await session.watch(
      'one object',
      { path: `${devices}?watch=true&resourceVersion=${then}&fieldSelector=metadata.name%3Dd`, pick: brief },
      async () => {
        await make(session, 'e');
        await make(session, 'd');
        await remove(session, 'e');
        await remove(session, 'd');
      },
      count(2),
    );
    const later = metadataOf(await session.prepare({ path: devices })).resourceVersion;
    await session.watch(
      'a selectable field',
      { path: `${devices}?watch=true&resourceVersion=${later}&fieldSelector=status.allocation.nodeName%3Dn1`, pick: brief },
      async () => {
        await make(session, 'f');
        const allocate = (nodeName: string): Promise<Json> =>
          session.prepare({
            method: 'PATCH',
            path: `${devices}/f/status`,
            type: mergePatch,
            body: { status: { allocation: { nodeName, parentName: 'p', typeID: 't' } } },
          });
        await allocate('n1');
        await allocate('n2');
        await allocate('n1');
        await remove(session, 'f');
      },
      count(4),
    );
    await session.watch(
      'the deprecated path',
      { path: `/apis/mediated.dev/v1alpha1/watch/namespaces/${session.namespace}/mdevdevices`, pick: brief },
      async () => undefined,
      count(1),
    );
    await session.watch(
      'metadata only',
      {
        path: `${devices}?watch=true&resourceVersion=0`,
        headers: { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' },
      },
      async () => undefined,
      count(1),
    );
    await session.watch(
      'as a table',
      { path: `${devices}?watch=true&resourceVersion=0`, headers: { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' } },
      async () => {
        await patch(session, 'a', { metadata: { labels: { n: '1' } } });
      },
      count(2),
    );
    await session.watch(
      'it ends by itself',
      { path: `${devices}?watch=true&timeoutSeconds=1&resourceVersion=0`, pick: brief },
      async () => undefined,
      count(99),
    );
  },
};

export const watchList: Scenario = {
  name: 'watch-list',
  async run(session) {
    const { devices } = session;
    await make(session, 'a', { app: 'x' });
    await make(session, 'b');
    const bookmark = (events: WatchEvent[]): boolean => events.some(({ type }) => type === 'BOOKMARK');
    const none = async (): Promise<void> => undefined;
    const initial = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
    await session.watch('initial events', { path: `${devices}?${initial}&allowWatchBookmarks=true`, pick: brief }, none, bookmark);
    await session.watch(
      'initial events of a selection',
      { path: `${devices}?${initial}&allowWatchBookmarks=true&resourceVersion=0&labelSelector=app`, pick: brief },
      none,
      bookmark,
    );
    await session.watch('initial events without a match', { path: `${devices}?watch=true&sendInitialEvents=true` }, none, bookmark);
    await session.watch(
      'initial events without bookmarks',
      { path: `${devices}?${initial}&timeoutSeconds=1`, pick: brief },
      none,
      count(3),
    );
    await session.watch(
      'no initial events',
      {
        path: `${devices}?watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=0&allowWatchBookmarks=true`,
        pick: brief,
      },
      async () => {
        await remove(session, 'b');
      },
      (events) => events.some(({ type }) => type === 'DELETED'),
    );
    await session.watch(
      'initial events exactly',
      { path: `${devices}?watch=true&sendInitialEvents=true&resourceVersionMatch=Exact` },
      none,
      bookmark,
    );
    await session.send('initial events of a list', { path: `${devices}?sendInitialEvents=true` });
    await session.watch(
      'a match without initial events',
      { path: `${devices}?watch=true&resourceVersionMatch=NotOlderThan&resourceVersion=0` },
      none,
      bookmark,
    );
    await session.watch('a version that is none', { path: `${devices}?watch=true&resourceVersion=x` }, none, count(1));
    await session.watch('a bad selector', { path: `${devices}?watch=true&labelSelector=a%20b` }, none, count(1));
    await session.watch('a bad field', { path: `${devices}?watch=true&fieldSelector=spec.group%3Da` }, none, count(1));
    await session.watch('a bad timeout', { path: `${devices}?watch=true&timeoutSeconds=soon` }, none, count(1));
    await session.watch('watch that is no boolean', { path: `${devices}?watch=maybe&timeoutSeconds=1`, pick: brief }, none, count(1));
    await session.watch('from the future', { path: `${devices}?watch=true&resourceVersion=999999999&timeoutSeconds=1` }, none, count(1));
    const one = itemsOf(await session.prepare({ path: devices }))[0];
    session.noteValue('items of a list have no apiVersion lost', one?.['apiVersion']);
    await session.watch('at an item', { path: `${devices}/a?watch=true&timeoutSeconds=1`, pick: brief }, none, count(1));
  },
};
