import { api, device, itemsOf, metadataOf, names, parent, type Scenario } from '../scenario.ts';

export const create: Scenario = {
  name: 'create',
  async run(session) {
    const { devices } = session;
    await session.send('create', { method: 'POST', path: devices, body: device('a') });
    await session.send('create again', { method: 'POST', path: devices, body: device('a') });
    await session.send('create with namespace in the body', {
      method: 'POST',
      path: devices,
      body: device('b', {}, { namespace: session.namespace }),
    });
    await session.send('create with another namespace in the body', {
      method: 'POST',
      path: devices,
      body: device('c', {}, { namespace: 'other' }),
    });
    await session.send('create in a namespace that is not there', {
      method: 'POST',
      path: `${api}/namespaces/nowhere-at-all/mdevdevices`,
      body: device('a'),
    });
    await session.send('create without a namespace', { method: 'POST', path: `${api}/mdevdevices`, body: device('a') });
    await session.send('create at an item', { method: 'POST', path: `${devices}/d`, body: device('d') });
    await session.send('create a cluster-scoped object in a namespace', {
      method: 'POST',
      path: `${api}/namespaces/${session.namespace}/mdevparents`,
      body: parent('p'),
    });
    await session.send('create a cluster-scoped object', {
      method: 'POST',
      path: `${api}/mdevparents`,
      body: parent(`${session.namespace}-p`),
    });
    await session.send('create with a uid, time and generation of its own', {
      method: 'POST',
      path: devices,
      body: device(
        'e',
        {},
        {
          uid: '11111111-2222-3333-4444-555555555555',
          creationTimestamp: '2001-01-01T00:00:00Z',
          generation: 7,
          deletionTimestamp: '2001-01-01T00:00:00Z',
          selfLink: '/x',
        },
      ),
    });
    const generated = await session.prepare({
      method: 'POST',
      path: devices,
      body: { ...device('x'), metadata: { generateName: 'gen-' } },
    });
    session.noteValue('a generated name', /^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/.test(metadataOf(generated).name));
    await session.send('create with a name and fieldManager', {
      method: 'POST',
      path: `${devices}?fieldManager=tester`,
      body: device('f'),
    });
    await session.send('create with an unusable fieldManager', {
      method: 'POST',
      path: `${devices}?fieldManager=${'m'.repeat(129)}`,
      body: device('g'),
    });
    await session.send('the manager is taken from the user agent', {
      method: 'POST',
      path: devices,
      headers: { 'user-agent': 'tool/v1.2 (linux) x' },
      body: device('h'),
    });
  },
};

export const read: Scenario = {
  name: 'read',
  async run(session) {
    const { devices } = session;
    for (const name of ['b', 'a', 'c']) await session.prepare({ method: 'POST', path: devices, body: device(name) });
    await session.send('get', { path: `${devices}/a` });
    await session.send('get what is not there', { path: `${devices}/z` });
    await session.send('get in a namespace that is not there', { path: `${api}/namespaces/nowhere-at-all/mdevdevices/a` });
    await session.send('head', { method: 'HEAD', path: `${devices}/a` });
    await session.send('list', { path: devices });
    await session.send('list an empty namespace', { path: `${api}/namespaces/nowhere-at-all/mdevdevices` });
    await session.send('list everywhere', {
      path: `${api}/mdevdevices`,
      pick: (body) =>
        itemsOf(body)
          .map(metadataOf)
          .filter((meta) => (meta as { namespace?: string }).namespace === session.namespace)
          .map(({ name }) => name),
    });
    await session.send('get pretty', { path: `${devices}/a?pretty=true` });
    await session.send('get any version', { path: `${devices}/a?resourceVersion=0` });
    await session.send('get a version that is none', { path: `${devices}/a?resourceVersion=x` });
    await session.send('list a version that is none', { path: `${devices}?resourceVersion=x` });
    await session.send('list any version', { path: `${devices}?resourceVersion=0`, pick: names });
    await session.send('list a negative version', { path: `${devices}?resourceVersion=-1` });
  },
};

export const replace: Scenario = {
  name: 'replace',
  async run(session) {
    const item = `${session.devices}/a`;
    const made = metadataOf(await session.send('create', { method: 'POST', path: session.devices, body: device('a') }));
    const { resourceVersion, uid } = made;
    const put = (label: string, metadata: object, spec: Record<string, unknown> = {}, path = item): Promise<unknown> =>
      session.send(label, { method: 'PUT', path, body: device('a', spec, metadata as Record<string, unknown>) });
    await put('replace without resourceVersion', {}, { online: false });
    await put('replace with nothing changed', { resourceVersion });
    await put('replace', { resourceVersion }, { online: false });
    await put('replace an old version', { resourceVersion }, { online: true });
    const now = metadataOf(await session.prepare({ path: item })).resourceVersion;
    await put('replace with another uid', { resourceVersion: now, uid: '11111111-2222-3333-4444-555555555555' });
    await put('replace with its uid', { resourceVersion: now, uid }, { online: true });
    await put('replace with another name in the path', { resourceVersion: now }, {}, `${session.devices}/b`);
    await session.send('replace without name', { method: 'PUT', path: item, body: { ...device('a'), metadata: { resourceVersion: now } } });
    await session.send('replace what is not there', { method: 'PUT', path: `${session.devices}/z`, body: device('z') });
    await session.send('replace what is not there, with a version', {
      method: 'PUT',
      path: `${session.devices}/z`,
      body: device('z', {}, { resourceVersion: now }),
    });
    await session.send('replace with a version that is none', {
      method: 'PUT',
      path: item,
      body: device('a', {}, { resourceVersion: 'x' }),
    });
    const latest = metadataOf(await session.prepare({ path: item })).resourceVersion;
    await put('only labels change', { resourceVersion: latest, labels: { a: 'b' } }, { online: true });
    const labelled = metadataOf(await session.prepare({ path: item })).resourceVersion;
    await put(
      'other creationTimestamp, generation and managedFields',
      { resourceVersion: labelled, creationTimestamp: '2001-01-01T00:00:00Z', generation: 99, managedFields: [] },
      { online: true },
    );
    await session.send('replace the collection', { method: 'PUT', path: session.devices, body: device('a') });
  },
};
