import { device, mergePatch, metadataOf, names, type Scenario } from '../scenario.ts';

const options = (more: object): object => ({ apiVersion: 'v1', kind: 'DeleteOptions', ...more });

export const deletion: Scenario = {
  name: 'delete',
  async run(session) {
    const { devices } = session;
    const make = async (name: string, metadata: Record<string, unknown> = {}): Promise<{ uid: string; resourceVersion: string }> =>
      metadataOf(await session.prepare({ method: 'POST', path: devices, body: device(name, {}, metadata) }));
    const remove = (label: string, name: string, more?: object, query = ''): Promise<unknown> =>
      session.send(label, { method: 'DELETE', path: `${devices}/${name}${query}`, ...(more && { body: options(more) }) });

    const { uid, resourceVersion } = await make('a');
    await remove('delete what is not there', 'z');
    await remove('delete with another uid', 'a', { preconditions: { uid: '11111111-2222-3333-4444-555555555555' } });
    await remove('delete another version', 'a', { preconditions: { resourceVersion: '1' } });
    await remove('delete with a bad propagationPolicy', 'a', { propagationPolicy: 'Sideways' });
    await remove('delete with a bad propagationPolicy in the query', 'a', undefined, '?propagationPolicy=Sideways');
    await remove('delete with orphanDependents and propagationPolicy', 'a', { orphanDependents: true, propagationPolicy: 'Orphan' });
    await remove('delete with a negative grace period', 'a', { gracePeriodSeconds: -1, dryRun: ['All'] });
    await remove('delete with options of another kind', 'a', { kind: 'Namespace' });
    await session.send('delete with options that are no JSON', { method: 'DELETE', path: `${devices}/a`, body: '{' });
    await remove('dry run', 'a', { dryRun: ['All'] });
    await remove('dry run in the query', 'a', undefined, '?dryRun=All');
    await remove('delete', 'a', { preconditions: { uid, resourceVersion } });
    await session.send('it is gone', { path: `${devices}/a` });

    await make('b', { labels: { n: '1' } });
    await make('c', { labels: { n: '2' } });
    await make('d', { labels: { n: '2' } });
    await session.send('delete a selection', { method: 'DELETE', path: `${devices}?labelSelector=n%3D1` });
    await session.send('what is left', { path: devices, pick: names });
    await session.send('dry run of a collection', { method: 'DELETE', path: `${devices}?dryRun=All`, pick: names });
    await session.send('delete the collection', { method: 'DELETE', path: devices, pick: names });
    await session.send('delete an empty collection', { method: 'DELETE', path: devices });
    await session.send('delete with a bad selector', { method: 'DELETE', path: `${devices}?labelSelector=a%20b%20c` });
  },
};

export const finalizers: Scenario = {
  name: 'finalizers',
  async run(session) {
    const { devices } = session;
    const item = `${devices}/a`;
    const patch = (label: string, body: object): Promise<unknown> =>
      session.send(label, { method: 'PATCH', path: item, type: mergePatch, body });
    await session.send('create', {
      method: 'POST',
      path: devices,
      body: device('a', {}, { finalizers: ['example.com/one', 'example.com/two'] }),
    });
    await session.send('dry run', { method: 'DELETE', path: `${item}?dryRun=All` });
    await session.send('delete', { method: 'DELETE', path: item });
    await session.send('delete again', { method: 'DELETE', path: item });
    await session.send('create beside it', { method: 'POST', path: devices, body: device('a') });
    await patch('a finalizer more', { metadata: { finalizers: ['example.com/one', 'example.com/two', 'example.com/three'] } });
    await patch('another finalizer instead', { metadata: { finalizers: ['example.com/one', 'example.com/three'] } });
    await patch('a change of spec while it goes', { spec: { online: false } });
    await patch('a change of labels while it goes', { metadata: { labels: { a: 'b' } } });
    await patch('taking deletionTimestamp back', { metadata: { deletionTimestamp: null, deletionGracePeriodSeconds: null } });
    await patch('one finalizer less', { metadata: { finalizers: ['example.com/two'] } });
    await patch('the last one goes', { metadata: { finalizers: null } });
    await session.send('it is gone', { path: item });
    await session.send('create anew', { method: 'POST', path: devices, body: device('a', {}, { finalizers: ['example.com/one'] }) });
    await session.send('delete, orphaning', {
      method: 'DELETE',
      path: item,
      body: options({ propagationPolicy: 'Orphan', dryRun: ['All'] }),
    });
    await session.send('delete in the foreground', {
      method: 'DELETE',
      path: item,
      body: options({ propagationPolicy: 'Foreground', dryRun: ['All'] }),
    });
    await session.send('delete in the background', { method: 'DELETE', path: item, body: options({ propagationPolicy: 'Background' }) });
    await patch('all finalizers go with a spec change', { metadata: { finalizers: [] }, spec: { online: false } });
    await session.send('it is gone too', { path: item });
    await session.send('create with a foreground finalizer', {
      method: 'POST',
      path: devices,
      body: device('b', {}, { finalizers: ['foregroundDeletion', 'orphan', 'x'] }),
    });
  },
};
