import { device, jsonPatch, mergePatch, metadataOf, type Scenario } from '../scenario.ts';

export const status: Scenario = {
  name: 'status',
  async run(session) {
    const item = `${session.devices}/a`;
    const uuid = '12345678-1234-1234-1234-123456789abc';
    await session.send('create with status', { method: 'POST', path: session.devices, body: { ...device('a'), status: { uuid } } });
    await session.send('get status', { path: `${item}/status` });
    const version = async (): Promise<string> => metadataOf(await session.prepare({ path: item })).resourceVersion;
    await session.send('put status', {
      method: 'PUT',
      path: `${item}/status`,
      body: {
        ...device('a', { online: false }, { resourceVersion: await version(), labels: { no: 'label' }, finalizers: ['example.com/no'] }),
        status: { uuid },
      },
    });
    await session.send('put the object with another status', {
      method: 'PUT',
      path: item,
      body: { ...device('a', { online: false }, { resourceVersion: await version() }), status: {} },
    });
    await session.send('merge status', {
      method: 'PATCH',
      path: `${item}/status`,
      type: mergePatch,
      body: { status: { deviceAPI: 'vfio-pci' }, spec: { online: true }, metadata: { annotations: { a: 'b' } } },
    });
    await session.send('merge the same status', {
      method: 'PATCH',
      path: `${item}/status`,
      type: mergePatch,
      body: { status: { deviceAPI: 'vfio-pci' } },
    });
    await session.send('JSON patch of status', {
      method: 'PATCH',
      path: `${item}/status`,
      type: jsonPatch,
      body: [{ op: 'remove', path: '/status/deviceAPI' }],
    });
    await session.send('an invalid status', {
      method: 'PATCH',
      path: `${item}/status`,
      type: mergePatch,
      body: { status: { pinned: {} } },
    });
    await session.send('an unknown field', {
      method: 'PATCH',
      path: `${item}/status?fieldValidation=Warn`,
      type: mergePatch,
      body: { status: { phase: 'x' } },
    });
    await session.send('an immutable spec through status, ignored', {
      method: 'PATCH',
      path: `${item}/status`,
      type: mergePatch,
      body: { spec: { group: 'x' } },
    });
    await session.send('take status away', { method: 'PATCH', path: `${item}/status`, type: mergePatch, body: { status: null } });
    await session.send('post status', { method: 'POST', path: `${item}/status`, body: device('a') });
    await session.send('delete status', { method: 'DELETE', path: `${item}/status` });
    await session.send('status without version', { method: 'PUT', path: `${item}/status`, body: { ...device('a'), status: { uuid } } });
    await session.send('status of another version', {
      method: 'PUT',
      path: `${item}/status`,
      body: { ...device('a', {}, { resourceVersion: '1' }), status: { uuid } },
    });
    await session.send('status of what is not there', { path: `${session.devices}/z/status` });
    await session.send('another subresource', { path: `${item}/scale` });
    await session.send('a subresource of a subresource', { path: `${item}/status/x` });
    await session.send('watch status', { path: `${item}/status?watch=true&timeoutSeconds=1` });
  },
};
