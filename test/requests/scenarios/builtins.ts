import { has } from '../../manifests/outcome.ts';
import { api, device, itemsOf, jsonPatch, mergePatch, metadataOf, names, parent, type Scenario } from '../scenario.ts';
import type { Json } from '../session.ts';

const isDeleting = (_: number, body: Json): boolean => has(body['metadata'], 'deletionTimestamp');

export const namespaces: Scenario = {
  name: 'namespaces',
  async run(session) {
    const name = `${session.namespace}-own`;
    const item = `/api/v1/namespaces/${name}`;
    const namespace = (more: object = {}): object => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name }, ...more });
    const create = (label: string, body: object): Promise<unknown> =>
      session.send(label, { method: 'POST', path: '/api/v1/namespaces', body });
    await create('create', namespace());
    await create('create again', namespace());
    await create('a name with a dot', { ...namespace(), metadata: { name: 'a.b' } });
    await create('a name of 64 characters', { ...namespace(), metadata: { name: 'n'.repeat(64) } });
    await create('no name', { ...namespace(), metadata: {} });
    await create('a finalizer without slash', namespace({ metadata: { name: `${name}-2` }, spec: { finalizers: ['nothing'] } }));
    await session.send('label', {
      method: 'PATCH',
      path: item,
      type: mergePatch,
      body: { metadata: { labels: { a: 'b', 'kubernetes.io/metadata.name': 'other' } } },
    });
    await session.send('spec cannot change here', { method: 'PATCH', path: item, type: mergePatch, body: { spec: { finalizers: [] } } });
    await session.send('get status', { path: `${item}/status` });
    await session.send('select by name', { path: `/api/v1/namespaces?fieldSelector=metadata.name%3D${name}`, pick: names });
    await session.send('select by phase', {
      path: `/api/v1/namespaces?fieldSelector=status.phase%3DActive,metadata.name%3D${name}`,
      pick: names,
    });
    await session.send('select by another field', { path: '/api/v1/namespaces?fieldSelector=spec.x%3Da' });
    await session.send('delete the collection', { method: 'DELETE', path: '/api/v1/namespaces' });
    for (const kept of ['default', 'kube-system'])
      await session.send(`delete ${kept}`, { method: 'DELETE', path: `/api/v1/namespaces/${kept}?dryRun=All` });
    const devices = `${api}/namespaces/${name}/mdevdevices`;
    await session.prepare({ method: 'POST', path: devices, body: device('held', {}, { finalizers: ['example.com/hold'] }) });
    await session.prepare({ method: 'POST', path: devices, body: device('free') });
    await session.send('delete', { method: 'DELETE', path: item });
    await session.send('delete again', {
      method: 'DELETE',
      path: item,
      pick: (body) => ({ kind: body['kind'], phase: (body['status'] as { phase?: string }).phase }),
    });
    await session.until(`${devices}/free`, (code) => code === 404);
    await session.send('create in it while it goes', { method: 'POST', path: devices, body: device('late') });
    await session.send('apply in it while it goes', {
      method: 'PATCH',
      path: `${devices}/late?fieldManager=x`,
      type: 'application/apply-patch+yaml',
      body: device('late'),
    });
    const held = await session.until(`${devices}/held`, isDeleting);
    session.noteValue('what is held is being deleted', Object.keys(metadataOf(held)).includes('deletionTimestamp'));
    await session.prepare({ method: 'PATCH', path: `${devices}/held`, type: mergePatch, body: { metadata: { finalizers: null } } });
    await session.until(item, (code) => code === 404);
    await session.send('it is gone', { path: item });
  },
};

export const nodes: Scenario = {
  name: 'nodes',
  async run(session) {
    const name = `${session.namespace}-n`;
    const item = `/api/v1/nodes/${name}`;
    const node = (more: object = {}): object => ({ apiVersion: 'v1', kind: 'Node', metadata: { name }, ...more });
    const create = (label: string, body: object): Promise<unknown> => session.send(label, { method: 'POST', path: '/api/v1/nodes', body });
    await create('a bad taint', node({ spec: { taints: [{ key: 'a b', effect: 'Never' }] } }));
    await create(
      'one taint twice',
      node({
        spec: {
          taints: [
            { key: 'a', effect: 'NoSchedule' },
            { key: 'a', effect: 'NoSchedule' },
          ],
        },
      }),
    );
    await create('a bad label', node({ metadata: { name, labels: { a: 'b c' } } }));
    await create('a field of the wrong type', node({ spec: { unschedulable: 'no' } }));
    await create('create', node({ metadata: { name, labels: { a: 'b' } }, spec: { podCIDR: '10.1.0.0/24' } }));
    await session.send('status', {
      method: 'PATCH',
      path: `${item}/status`,
      type: mergePatch,
      body: { status: { capacity: { cpu: '2', memory: '1Gi' }, nodeInfo: { bootID: 'b' } } },
    });
    await session.send('spec through status', {
      method: 'PATCH',
      path: `${item}/status`,
      type: mergePatch,
      body: { spec: { unschedulable: true } },
    });
    await session.send('select unschedulable', {
      path: `/api/v1/nodes?fieldSelector=spec.unschedulable%3Dtrue,metadata.name%3D${name}`,
      pick: names,
    });
    await session.send('cordon', { method: 'PATCH', path: item, type: mergePatch, body: { spec: { unschedulable: true } } });
    await session.send('select unschedulable again', {
      path: `/api/v1/nodes?fieldSelector=spec.unschedulable%3Dtrue,metadata.name%3D${name}`,
      pick: names,
    });
    await session.send('select by another field', { path: '/api/v1/nodes?fieldSelector=spec.podCIDR%3Dx' });
    await session.send('providerID', { method: 'PATCH', path: item, type: mergePatch, body: { spec: { providerID: 'a' } } });
    await session.send('providerID cannot change', { method: 'PATCH', path: item, type: mergePatch, body: { spec: { providerID: 'b' } } });
    await session.send('delete', { method: 'DELETE', path: item });
  },
};

export const events: Scenario = {
  name: 'events',
  async run(session) {
    const { namespace } = session;
    const core = `/api/v1/namespaces/${namespace}/events`;
    const grouped = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
    const involvedObject = { apiVersion: 'mediated.dev/v1alpha1', kind: 'MdevDevice', name: 'a', namespace, uid: 'u' };
    const event = (name: string, more: object = {}): object => ({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name },
      involvedObject,
      reason: 'Created',
      message: 'It is there.',
      type: 'Normal',
      source: { component: 'agent', host: 'n' },
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:01:00Z',
      count: 2,
      ...more,
    });
    const newer = (name: string, more: object = {}): object => ({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name },
      regarding: involvedObject,
      reason: 'Created',
      note: 'It is there.',
      type: 'Normal',
      action: 'Create',
      reportingController: 'mediated.dev/agent',
      reportingInstance: 'agent-1',
      eventTime: '2026-01-01T00:00:00.123456Z',
      ...more,
    });
    await session.send('create', { method: 'POST', path: core, body: event('a') });
    await session.send('as the newer API shows it', { path: `${grouped}/a` });
    await session.send('create in the newer API', { method: 'POST', path: grouped, body: newer('b') });
    await session.send('as the core API shows it', { path: `${core}/b` });
    await session.send('series', {
      method: 'PATCH',
      path: `${grouped}/b`,
      type: mergePatch,
      body: { series: { count: 2, lastObservedTime: '2026-01-01T00:00:01.000000Z' } },
    });
    await session.send('an object elsewhere', {
      method: 'POST',
      path: core,
      body: event('c', { involvedObject: { ...involvedObject, namespace: 'other' } }),
    });
    await session.send('newer without reportingController', {
      method: 'POST',
      path: grouped,
      body: newer('d', { reportingController: '' }),
    });
    await session.send('newer without time', { method: 'POST', path: grouped, body: { ...newer('e'), eventTime: null } });
    await session.send('newer without action', { method: 'POST', path: grouped, body: newer('f', { action: '' }) });
    await session.send('newer of a bad type', { method: 'POST', path: grouped, body: newer('g', { type: 'Loud' }) });
    await session.send('newer with a long note', { method: 'POST', path: grouped, body: newer('h', { note: 'n'.repeat(1025) }) });
    await session.send('newer with an old field', { method: 'POST', path: grouped, body: newer('i', { deprecatedCount: 1 }) });
    await session.send('core of a bad type', { method: 'POST', path: core, body: event('j', { type: 'Loud' }) });
    await session.send('minimal', {
      method: 'POST',
      path: core,
      body: { apiVersion: 'v1', kind: 'Event', metadata: { name: 'k' }, involvedObject: { namespace } },
    });
    await session.send('generated name', {
      method: 'POST',
      path: `${core}?dryRun=All`,
      body: { ...event('x'), metadata: { generateName: 'gen.' } },
      pick: ({ kind }) => kind,
    });
    const list = (label: string, path: string): Promise<unknown> => session.send(label, { path, pick: names });
    await list('select by object', `${core}?fieldSelector=involvedObject.name%3Da,involvedObject.kind%3DMdevDevice,involvedObject.uid%3Du`);
    await list('select by reason', `${core}?fieldSelector=reason%3DCreated`);
    await list('select by type', `${core}?fieldSelector=type%21%3DNormal`);
    await list('select by source', `${core}?fieldSelector=source%3Dagent`);
    await list('select by controller', `${core}?fieldSelector=reportingComponent%3Dmediated.dev%2Fagent`);
    await list('newer, select by object', `${grouped}?fieldSelector=regarding.name%3Da`);
    await list('newer, select by the old name', `${grouped}?fieldSelector=involvedObject.name%3Da`);
    await list('select by another field', `${core}?fieldSelector=message%3Da`);
    await list('all', core);
    await session.send('table', {
      path: `${core}/a`,
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
      pick: ({ columnDefinitions, rows }) => ({ columnDefinitions, cells: (rows as { cells: unknown[] }[])[0]?.cells.slice(2) }),
    });
    await session.send('replace', { method: 'PATCH', path: `${core}/a`, type: mergePatch, body: { count: 3, message: 'Again.' } });
    await session.send('newer cannot change its object', {
      method: 'PATCH',
      path: `${grouped}/b`,
      type: mergePatch,
      body: { regarding: { name: 'z' } },
    });
    await session.send('delete', { method: 'DELETE', path: `${core}/b` });
    await session.send('gone from the newer API', { path: `${grouped}/b` });
  },
};

export const leases: Scenario = {
  name: 'leases',
  async run(session) {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${session.namespace}/leases`;
    const lease = (name: string, spec: object, metadata: object = {}): object => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, ...metadata },
      spec,
    });
    const made = await session.send('create', {
      method: 'POST',
      path,
      body: lease('a', {
        holderIdentity: 'me',
        leaseDurationSeconds: 15,
        acquireTime: '2026-01-01T00:00:00.000000Z',
        renewTime: '2026-01-01T00:00:00.000001Z',
        leaseTransitions: 0,
      }),
    });
    const { resourceVersion } = metadataOf(made);
    await session.send('renew', {
      method: 'PUT',
      path: `${path}/a`,
      body: lease('a', { holderIdentity: 'me', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:05.000000Z' }, { resourceVersion }),
    });
    await session.send('renew from an old version', {
      method: 'PUT',
      path: `${path}/a`,
      body: lease('a', { holderIdentity: 'you' }, { resourceVersion }),
    });
    await session.send('renew without version', { method: 'PUT', path: `${path}/a`, body: lease('a', { holderIdentity: 'you' }) });
    await session.send('no duration', { method: 'POST', path, body: lease('b', { leaseDurationSeconds: 0 }) });
    await session.send('negative transitions', { method: 'POST', path, body: lease('c', { leaseTransitions: -1 }) });
    await session.send('an empty holder', { method: 'POST', path, body: lease('d', { holderIdentity: '' }) });
    await session.send('a time without fraction', { method: 'POST', path, body: lease('e', { renewTime: '2026-01-01T00:00:00Z' }) });
    await session.send('a time that is none', { method: 'POST', path, body: lease('f', { renewTime: 'now' }) });
    await session.send('no spec', {
      method: 'POST',
      path,
      body: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'g' } },
    });
    await session.send('put creates a lease', { method: 'PUT', path: `${path}/h`, body: lease('h', { holderIdentity: 'me' }) });
    await session.send('a test by JSON patch', {
      method: 'PATCH',
      path: `${path}/a`,
      type: jsonPatch,
      body: [{ op: 'test', path: '/spec/holderIdentity', value: 'you' }],
    });
    await session.send('list', { path, pick: names });
    await session.send('delete', { method: 'DELETE', path: `${path}/a` });
  },
};

export const ownership: Scenario = {
  name: 'ownership',
  async run(session) {
    const { devices, namespace } = session;
    const owner = metadataOf(await session.prepare({ method: 'POST', path: `${api}/mdevparents`, body: parent(namespace) }));
    const reference = { apiVersion: 'mediated.dev/v1alpha1', kind: 'MdevParent', name: namespace, uid: owner.uid };
    const owned = (name: string, more: object = {}, others: object[] = []): Promise<unknown> =>
      session.prepare({
        method: 'POST',
        path: devices,
        body: device(name, {}, { ownerReferences: [{ ...reference, ...more }, ...others] }),
      });
    await session.send('two controllers', {
      method: 'POST',
      path: devices,
      body: device(
        'x',
        {},
        {
          ownerReferences: [
            { ...reference, controller: true },
            { ...reference, uid: '11111111-2222-3333-4444-555555555555', controller: true },
          ],
        },
      ),
    });
    await session.send('an owner without name', {
      method: 'POST',
      path: devices,
      body: device('x', {}, { ownerReferences: [{ ...reference, name: '' }] }),
    });
    await session.send('an owner with a bad version', {
      method: 'POST',
      path: devices,
      body: device('x', {}, { ownerReferences: [{ ...reference, apiVersion: 'a/b/c' }] }),
    });
    await owned('background');
    await session.send('delete the owner', { method: 'DELETE', path: `${api}/mdevparents/${namespace}` });
    await session.until(`${devices}/background`, (code) => code === 404);

    const second = metadataOf(await session.prepare({ method: 'POST', path: `${api}/mdevparents`, body: parent(namespace) }));
    const again = { ...reference, uid: second.uid, blockOwnerDeletion: true };
    await session.prepare({
      method: 'POST',
      path: devices,
      body: device('held', {}, { ownerReferences: [again], finalizers: ['example.com/hold'] }),
    });
    await session.send('delete in the foreground', {
      method: 'DELETE',
      path: `${api}/mdevparents/${namespace}`,
      body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Foreground' },
    });
    await session.until(`${devices}/held`, isDeleting);
    await session.send('the owner waits', { path: `${api}/mdevparents/${namespace}` });
    await session.prepare({ method: 'PATCH', path: `${devices}/held`, type: mergePatch, body: { metadata: { finalizers: null } } });
    await session.until(`${api}/mdevparents/${namespace}`, (code) => code === 404);

    const third = metadataOf(await session.prepare({ method: 'POST', path: `${api}/mdevparents`, body: parent(namespace) }));
    await session.prepare({
      method: 'POST',
      path: devices,
      body: device('orphaned', {}, { ownerReferences: [{ ...reference, uid: third.uid }] }),
    });
    // When the collector has taken this one away, it has seen the one before, too.
    const nobody = { ...reference, name: 'nobody', uid: '11111111-2222-3333-4444-555555555555' };
    await session.prepare({ method: 'POST', path: devices, body: device('of-nobody', {}, { ownerReferences: [nobody] }) });
    await session.until(`${devices}/of-nobody`, (code) => code === 404);
    await session.send('delete, orphaning', {
      method: 'DELETE',
      path: `${api}/mdevparents/${namespace}`,
      body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Orphan' },
    });
    await session.until(`${api}/mdevparents/${namespace}`, (code) => code === 404);
    await session.send('the orphan', { path: `${devices}/orphaned` });
    await session.send('what is left', { path: devices, pick: (body) => itemsOf(body).map((item) => metadataOf(item).name) });
  },
};
