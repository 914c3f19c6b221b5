import { device, mergePatch, parent, type Scenario } from '../scenario.ts';

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

export const tables: Scenario = {
  name: 'tables',
  async run(session) {
    const { devices, namespace } = session;
    const headers = { accept: table };
    await session.send('an empty list', { path: devices, headers });
    await session.prepare({ method: 'POST', path: devices, body: device('a') });
    await session.prepare({ method: 'POST', path: devices, body: device('b') });
    await session.prepare({
      method: 'PATCH',
      path: `${devices}/b/status`,
      type: mergePatch,
      body: {
        status: {
          uuid: '12345678-1234-1234-1234-123456789abc',
          allocation: { nodeName: 'n', parentName: 'p', typeID: 't' },
          users: [
            { pid: 1, comm: 'a' },
            { pid: 2, comm: 'b' },
          ],
          pinned: { pages: 3, lockedBytes: 12288 },
          vfio: { group: 7 },
          conditions: [{ type: 'Ready', status: 'True', reason: 'Ready', message: 'm', lastTransitionTime: '2026-01-01T00:00:00Z' }],
        },
      },
    });
    await session.send('a list', { path: devices, headers });
    await session.send('a page', { path: `${devices}?limit=1`, headers });
    await session.send('an object', { path: `${devices}/b`, headers });
    await session.send('whole objects', { path: `${devices}?includeObject=Object`, headers });
    await session.send('no objects', { path: `${devices}?includeObject=None`, headers });
    await session.send('objects of another kind', { path: `${devices}?includeObject=All`, headers });
    await session.send('a created object as table', { method: 'POST', path: devices, headers, body: device('c') });
    await session.send('an error as table', { path: `${devices}/z`, headers });
    await session.send('only a table, another version', {
      path: devices,
      headers: { accept: 'application/json;as=Table;v=v9;g=meta.k8s.io' },
    });
    await session.send('metadata of a list', {
      path: devices,
      headers: { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' },
    });
    await session.send('metadata of an object', {
      path: `${devices}/a`,
      headers: { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' },
    });
    await session.send('a list as metadata of one', {
      path: devices,
      headers: { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' },
    });
    await session.prepare({ method: 'POST', path: '/apis/mediated.dev/v1alpha1/mdevparents', body: parent(namespace) });
    await session.send('a parent', { path: `/apis/mediated.dev/v1alpha1/mdevparents/${namespace}`, headers });
    await session.prepare({ method: 'DELETE', path: `/apis/mediated.dev/v1alpha1/mdevparents/${namespace}` });
    await session.send('a namespace', { path: `/api/v1/namespaces/${namespace}`, headers });
    await session.prepare({
      method: 'POST',
      path: '/api/v1/nodes',
      body: {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: namespace, labels: { 'node-role.kubernetes.io/worker': '' } },
        spec: { unschedulable: true },
      },
    });
    await session.send('a node', { path: `/api/v1/nodes/${namespace}`, headers });
    await session.prepare({ method: 'DELETE', path: `/api/v1/nodes/${namespace}` });
    await session.prepare({
      method: 'POST',
      path: `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`,
      body: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l' }, spec: { holderIdentity: 'me' } },
    });
    await session.send('a lease', { path: `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/l`, headers });
    // How it was brought there differs, and so do its managers.
    await session.send('a definition', {
      path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/mdevdevices.mediated.dev',
      headers,
      pick: ({ columnDefinitions, rows }) => ({ columnDefinitions, cells: (rows as { cells: unknown[] }[]).map(({ cells }) => cells) }),
    });
  },
};
