import { device, mergePatch, names, type Scenario } from '../scenario.ts';

export const selectors: Scenario = {
  name: 'selectors',
  async run(session) {
    const { devices } = session;
    await session.prepare({ method: 'POST', path: devices, body: device('a', { nodeName: 'n1' }, { labels: { app: 'x', tier: '1' } }) });
    await session.prepare({ method: 'POST', path: devices, body: device('b', { nodeName: 'n2' }, { labels: { app: 'y' } }) });
    await session.prepare({ method: 'POST', path: devices, body: device('c', {}, { labels: { 'example.com/app': 'x', tier: '2' } }) });
    await session.prepare({
      method: 'PATCH',
      path: `${devices}/b/status`,
      type: mergePatch,
      body: { status: { allocation: { nodeName: 'n2', parentName: 'p', typeID: 't' } } },
    });
    const list = (key: string, selector: string): Promise<unknown> =>
      session.send(`${key} ${selector}`, { path: `${devices}?${key}=${encodeURIComponent(selector)}`, pick: names });
    for (const selector of [
      'app=x',
      'app==x',
      'app!=x',
      'app',
      '!app',
      'app in (x,y)',
      'app notin (x)',
      'app in (x), tier=1',
      'example.com/app=x',
      'tier>1',
      'tier<2',
      'app=',
      'app in ()',
      ' app = x ',
      'app=x,',
      '',
      ',',
      'app in x',
      'a b',
      'app=x y',
      '=x',
      'app===x',
      'app in (x',
      'UPPER/x=1',
      `app=${'x'.repeat(64)}`,
      'tier>one',
      'app=-x',
      'app,app!=x',
    ])
      await list('labelSelector', selector);
    for (const selector of [
      'metadata.name=a',
      'metadata.name==a',
      'metadata.name!=a',
      `metadata.namespace=${session.namespace}`,
      'metadata.namespace=other',
      'spec.nodeName=n1',
      'spec.nodeName!=n1',
      'spec.nodeName=',
      'status.allocation.nodeName=n2',
      'spec.nodeName=n1,metadata.name=a',
      'spec.nodeName=n1,metadata.name=b',
      '',
      'spec.group=x',
      'metadata.labels.app=x',
      'metadata.name',
      'metadata.name in (a)',
      'metadata.uid=x',
      'spec.nodeName=a\\,b',
      'spec.nodeName=a\\x',
    ])
      await list('fieldSelector', selector);
    await session.send('both', { path: `${devices}?labelSelector=app&fieldSelector=metadata.name%3Db`, pick: names });
  },
};

export const paging: Scenario = {
  name: 'paging',
  async run(session) {
    const { devices } = session;
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      await session.prepare({
        method: 'POST',
        path: devices,
        body: device(name, {}, { labels: { odd: 'ace'.includes(name) ? 'yes' : 'no' } }),
      });
    const page = (label: string, query: string): Promise<Record<string, unknown>> =>
      session.send(label, { path: `${devices}?${query}`, pick: names });
    const token = (body: Record<string, unknown>): string => encodeURIComponent((body['metadata'] as { continue?: string }).continue ?? '');
    const first = await page('first page', 'limit=2');
    await session.prepare({ method: 'POST', path: devices, body: device('bb') });
    const second = await page('second page, as it was at the first', `limit=2&continue=${token(first)}`);
    await page('last page', `limit=2&continue=${token(second)}`);
    await page('the rest at once', `continue=${token(first)}`);
    await page('exactly as many as there are', 'limit=6');
    await page('more than there are', 'limit=100');
    await page('limit 0', 'limit=0');
    await page('a negative limit', 'limit=-1');
    await page('a limit that is no number', 'limit=many');
    const selected = await page('with a selector', 'limit=2&labelSelector=odd%3Dyes');
    await page('with a selector, second', `limit=2&labelSelector=odd%3Dyes&continue=${token(selected)}`);
    await page('continue that is none', 'limit=2&continue=abc');
    await page(
      'continue of another kind',
      `limit=2&continue=${encodeURIComponent(Buffer.from('{"v":"meta.k8s.io/v1","rv":-1,"start":"../x"}').toString('base64'))}`,
    );
    await page('continue with resourceVersion', `continue=${token(first)}&resourceVersion=1`);
    await page('continue with a match', `continue=${token(first)}&resourceVersionMatch=Exact`);
    await page('a match without version', 'resourceVersionMatch=Exact');
    await page('a match that is none', 'resourceVersionMatch=Newest&resourceVersion=1');
    await page('exactly version 0', 'resourceVersionMatch=Exact&resourceVersion=0');
    await page('not older than 0', 'resourceVersionMatch=NotOlderThan&resourceVersion=0');
    const listed = (first['metadata'] as { resourceVersion: string }).resourceVersion;
    await page('exactly that version', `resourceVersionMatch=Exact&resourceVersion=${listed}`);
    await page('exactly that version, paged', `limit=2&resourceVersionMatch=Exact&resourceVersion=${listed}`);
    await page('not older than that version', `resourceVersionMatch=NotOlderThan&resourceVersion=${listed}`);
    await page('limit and version 0', 'limit=2&resourceVersion=0');
    await page('limit and that version', `limit=2&resourceVersion=${listed}`);
    await session.send('a version of the future', {
      path: `${devices}?resourceVersion=${String(Number(listed) + 1_000_000)}&resourceVersionMatch=NotOlderThan`,
      pick: names,
    });
  },
};
