import { device, mergePatch, type Scenario } from '../scenario.ts';

export const dryRun: Scenario = {
  name: 'dry-run',
  async run(session) {
    const { devices } = session;
    await session.send('create', { method: 'POST', path: `${devices}?dryRun=All`, body: device('a') });
    await session.send('it is not there', { path: `${devices}/a` });
    await session.send('create something invalid', {
      method: 'POST',
      path: `${devices}?dryRun=All`,
      body: device('a', { placement: 'x' }),
    });
    await session.send('a dry run of another kind', { method: 'POST', path: `${devices}?dryRun=Some`, body: device('a') });
    await session.send('a dry run of nothing', { method: 'POST', path: `${devices}?dryRun=`, body: device('nothing') });
    await session.prepare({ method: 'POST', path: devices, body: device('b') });
    await session.send('create what is there', { method: 'POST', path: `${devices}?dryRun=All`, body: device('b') });
    await session.send('patch', { method: 'PATCH', path: `${devices}/b?dryRun=All`, type: mergePatch, body: { spec: { online: false } } });
    await session.send('patch of another kind', { method: 'PATCH', path: `${devices}/b?dryRun=Some`, type: mergePatch, body: {} });
    await session.send('replace of another kind', { method: 'PUT', path: `${devices}/b?dryRun=All&dryRun=Some`, body: device('b') });
    await session.send('status', {
      method: 'PATCH',
      path: `${devices}/b/status?dryRun=All`,
      type: mergePatch,
      body: { status: { deviceAPI: 'x' } },
    });
    await session.send('delete of another kind', { method: 'DELETE', path: `${devices}/b?dryRun=Some` });
    await session.send('it is as it was', { path: `${devices}/b` });
    await session.send('a list in dry run', { path: `${devices}?dryRun=All`, pick: () => 'listed' });
  },
};

export const fieldValidation: Scenario = {
  name: 'field-validation',
  async run(session) {
    const { devices } = session;
    const twice = (name: string): string =>
      `{"apiVersion":"mediated.dev/v1alpha1","kind":"MdevDevice","metadata":{"name":"${name}","labels":{"a":"1","a":"2"}},"spec":{"type":{"id":"x","id":"y"},"extra":{"deep":1}}}`;
    const create = (name: string, query: string): Promise<unknown> =>
      session.send(`${name} with ${query || 'nothing'}`, { method: 'POST', path: `${devices}${query}`, body: twice(name) });
    await create('a', '');
    await create('b', '?fieldValidation=Warn');
    await create('c', '?fieldValidation=Ignore');
    await create('d', '?fieldValidation=Strict');
    await create('e', '?fieldValidation=Loose');
    await create('f', '?fieldValidation=');
    await create('g', '?fieldValidation=strict');
    const unknown = {
      ...device('h', { extra: 1, type: { id: 'x', other: 2 }, attributes: [{ name: 'a', value: 'b', more: 1 }] }, { nothing: 1 }),
      top: 1,
      status: { phase: 'x' },
    };
    await session.send('all places', { method: 'POST', path: `${devices}?fieldValidation=Strict`, body: unknown });
    await session.send('all places with warnings', { method: 'POST', path: `${devices}?fieldValidation=Warn`, body: unknown });
    const unset = { ...device('i', { nodeSelector: { any: 'key' } }, { annotations: { any: 'key' } }) };
    await session.send('keys of maps are no fields', { method: 'POST', path: `${devices}?fieldValidation=Strict`, body: unset });
    await session.send('a built-in, strict', {
      method: 'POST',
      path: '/api/v1/namespaces?fieldValidation=Strict',
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `${session.namespace}-x`, nope: 1 }, spec: { nope: 1 }, nope: 1 },
    });
    await session.send('a built-in, warning', {
      method: 'POST',
      path: '/api/v1/nodes?dryRun=All',
      body: { apiVersion: 'v1', kind: 'Node', metadata: { name: `${session.namespace}-x` }, spec: { nope: 1 } },
    });
    await session.send('a built-in, field twice', {
      method: 'POST',
      path: '/api/v1/nodes?dryRun=All&fieldValidation=Strict',
      body: `{"apiVersion":"v1","kind":"Node","metadata":{"name":"${session.namespace}-y"},"spec":{"unschedulable":true,"unschedulable":false}}`,
    });
    await session.send('YAML', {
      method: 'POST',
      path: `${devices}?fieldValidation=Strict`,
      type: 'application/yaml',
      body: 'apiVersion: mediated.dev/v1alpha1\nkind: MdevDevice\nmetadata: {name: y}\nspec:\n  type: {id: x}\n  group: a\n  group: b\n  extra: 1\n',
    });
    await session.send('YAML with a wrong field in a wrong case', {
      method: 'POST',
      path: `${devices}?fieldValidation=Strict`,
      body: { ...device('j'), Spec: {} },
    });
  },
};
