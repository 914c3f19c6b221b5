import { device, type Scenario } from '../scenario.ts';

export const content: Scenario = {
  name: 'content',
  async run(session) {
    const { devices } = session;
    const post = (label: string, type: string, body: string | object): Promise<unknown> =>
      session.send(label, { method: 'POST', path: devices, type, body });
    await post('JSON with charset', 'application/json; charset=utf-8', device('a'));
    await post(
      'YAML',
      'application/yaml',
      'apiVersion: mediated.dev/v1alpha1\nkind: MdevDevice\nmetadata:\n  name: b\nspec:\n  type:\n    id: mtty-1\n',
    );
    await post('JSON as YAML', 'application/yaml', device('c'));
    await post('text', 'text/plain', 'hello');
    await post('a form', 'application/x-www-form-urlencoded', 'a=b');
    await post('no media type at all', 'nonsense', device('d'));
    await post('an empty type', '', device('e'));
    await post('an empty body', 'application/json', '');
    await post('broken JSON', 'application/json', '{"a":');
    await post('broken YAML', 'application/yaml', 'a: [');
    await post('a number', 'application/json', '7');
    await post('invalid UTF-8 in the text', 'application/json', '{"kind":"\u{FFFD}"}');
    await post(
      'deep nesting',
      'application/json',
      `{"apiVersion":"mediated.dev/v1alpha1","kind":"MdevDevice","metadata":{"name":"deep"},"spec":{"type":{"id":"a"},"x":${'['.repeat(9000)}${']'.repeat(9000)}}}`,
    );
    await post('a List', 'application/json', { apiVersion: 'v1', kind: 'List', items: [device('f')] });
    await post('a list of ours', 'application/json', { apiVersion: 'mediated.dev/v1alpha1', kind: 'MdevDeviceList', items: [] });
    await post('a Status', 'application/json', { apiVersion: 'v1', kind: 'Status' });

    const get = (label: string, accept: string): Promise<unknown> =>
      session.send(label, { path: `${devices}/a`, headers: { accept }, pick: () => 'an object' });
    await get('accept anything', '*/*');
    await get('accept application', 'application/*');
    await get('accept text', 'text/plain');
    await get('accept nothing known, then JSON', 'text/html, application/json;q=0.5');
    await get('accept protobuf', 'application/vnd.kubernetes.protobuf');
    await get('accept protobuf, then JSON', 'application/vnd.kubernetes.protobuf,application/json');
    await get('accept HTML as browsers do', 'text/html,application/xhtml+xml,*/*;q=0.8');
    await session.send('accept YAML', { path: `${devices}/a`, headers: { accept: 'application/yaml' }, pick: () => 'an object' });
    await session.send('a browser asks for an object', {
      path: `${devices}/zz`,
      headers: { accept: 'text/html', 'user-agent': 'Mozilla/5.0' },
    });
  },
};

export const unknown: Scenario = {
  name: 'unknown',
  async run(session) {
    const ours = '/apis/mediated.dev/v1alpha1';
    const inNamespace = `${ours}/namespaces/${session.namespace}`;
    const get = (path: string): Promise<unknown> => session.send(`GET ${path.replace(session.namespace, 'NAMESPACE')}`, { path });
    await get('/nothing');
    await get('/api/v1/nothing');
    await get(`/api/v1/namespaces/${session.namespace}/nothing`);
    await get(`${ours}/nothing`);
    await get(`${inNamespace}/nothing`);
    await get(`${inNamespace}/nothing/a`);
    await get(`${inNamespace}/mdevparents`);
    await get(`${inNamespace}/mdevparents/a`);
    await get(`${ours}/mdevdevices/a`);
    await get(`${inNamespace}/mdevdevices/a/b/c/d`);
    await get(`${inNamespace}/MdevDevices`);
    await get(`${inNamespace}/mdev`);
    await get('/apis/nothing.example/v1/things');
    await get('/apis/mediated.dev/v9/mdevdevices');
    await get(`${ours}/namespaces`);
    await get(inNamespace);
    await get('//api');
    await get('/api/v1/namespaces/..%2fnodes');
    await session.send('an unusable name', { path: `${inNamespace}/mdevdevices/a%20b` });
    await session.send('POST to an unknown resource', { method: 'POST', path: `${inNamespace}/nothing`, body: {} });
    await session.send('OPTIONS', { method: 'OPTIONS', path: `${inNamespace}/mdevdevices` });
    await session.send('POST an unknown group', { method: 'POST', path: '/apis/nothing.example/v1/things', body: {} });
    await session.send('a bad query', { path: `${inNamespace}/mdevdevices?limit=%zz`, pick: () => 'a list' });
    await session.send('an unknown parameter', { path: `${inNamespace}/mdevdevices?nothing=1`, pick: () => 'a list' });
    await session.send('DELETE of a namespaced collection everywhere', {
      method: 'DELETE',
      path: `${ours}/mdevdevices?labelSelector=no%3Dsuch`,
    });
  },
};

export const access: Scenario = {
  name: 'access',
  async run(session) {
    const get = (label: string, path: string, headers?: Record<string, string>): Promise<unknown> =>
      session.send(label, { path, anonymous: true, ...(headers && { headers }), pick: (body) => ('value' in body ? body : 'an object') });
    for (const path of [
      '/livez',
      '/readyz',
      '/version',
      '/healthz',
      '/api',
      '/apis',
      '/openapi/v3',
      '/metrics',
      '/api/v1/namespaces',
      '/nothing',
      '/',
      '/version/',
      '/livez/ping',
    ])
      await get(`anonymous ${path}`, path);
    await get('anonymous list of ours', '/apis/mediated.dev/v1alpha1/mdevdevices');
    await get('a wrong token', '/api/v1/namespaces', { authorization: 'Bearer wrong' });
    await get('a wrong token for /version', '/version', { authorization: 'Bearer wrong' });
    await get('an empty token', '/api/v1/namespaces', { authorization: 'Bearer ' });
    await get('basic authentication', '/api/v1/namespaces', { authorization: 'Basic YTpi' });
    await session.send('anonymous creation', { method: 'POST', path: session.devices, anonymous: true, body: device('a') });
    await session.send('anonymous deletion', { method: 'DELETE', path: '/api/v1/namespaces/default', anonymous: true });
    await session.send('readyz', { path: '/readyz' });
    await session.send('livez', { path: '/livez' });
  },
};
