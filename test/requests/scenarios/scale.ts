import { api, applyPatch, jsonPatch, mergePatch, metadataOf, type Scenario } from '../scenario.ts';
import type { Json } from '../session.ts';

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

function deviceSet(name: string, spec: Json): Json {
  return {
    apiVersion: 'mediated.dev/v1alpha1',
    kind: 'MdevDeviceSet',
    metadata: { name },
    spec: { template: { spec: { type: { id: 'mtty-1' } } }, ...spec },
  };
}

function scaleTo(name: string, replicas?: unknown, metadata: Json = {}): Json {
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name, ...metadata },
    ...(replicas !== undefined && { spec: { replicas } }),
  };
}

export const scale: Scenario = {
  name: 'scale',
  withinOneSecond: true,
  async run(session) {
    const sets = `${api}/namespaces/${session.namespace}/mdevdevicesets`;
    const item = `${sets}/a`;
    const path = `${item}/scale`;
    const version = async (): Promise<string> => metadataOf(await session.prepare({ path: item })).resourceVersion;
    const put = (label: string, body: Json): Promise<Json> => session.send(label, { method: 'PUT', path, body });
    const merge = (label: string, body: Json, query = ''): Promise<Json> =>
      session.send(label, { method: 'PATCH', path: `${path}${query}`, type: mergePatch, body });
    const apply = (label: string, manager: string, body: Json, more = ''): Promise<Json> =>
      session.send(label, { method: 'PATCH', path: `${path}?fieldManager=${manager}${more}`, type: applyPatch, body });
    await session.prepare({ method: 'POST', path: `${sets}?fieldManager=maker`, body: deviceSet('a', { replicas: 2 }) });
    await session.send('get', { path });
    await session.prepare({
      method: 'PATCH',
      path: `${item}/status?fieldManager=counter`,
      type: mergePatch,
      body: { status: { replicas: 1, selector: 'mediated.dev/set=a' } },
    });
    await session.send('get with status', { path });
    await session.send('as a table', { path, headers: { accept: table } });
    await session.send('as metadata', { path, headers: { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' } });
    await put('put', scaleTo('a', 3));
    await session.send('the object after it', { path: item });
    await put('put the same', scaleTo('a', 3));
    await apply('apply against another manager', 'scaler', scaleTo('a', 9));
    await apply('apply by force', 'scaler', scaleTo('a', 9), '&force=true');
    await apply('apply the same', 'scaler', scaleTo('a', 9));
    await session.send('the object after applies', { path: item });
    await apply('apply no more', 'scaler', scaleTo('a'));
    await session.send('the object after that', { path: item });
    await put('put with its version', scaleTo('a', 4, { resourceVersion: await version() }));
    await put('put with another version', scaleTo('a', 5, { resourceVersion: '1' }));
    await put('put with another uid', scaleTo('a', 5, { uid: '00000000-0000-0000-0000-000000000000' }));
    await put('put another name', scaleTo('b', 5));
    await put('put another namespace', scaleTo('a', 5, { namespace: 'default' }));
    await put('put nothing, which is zero', scaleTo('a'));
    await put('put a negative number', scaleTo('a', -1));
    await put('put too many for the schema', scaleTo('a', 10_001));
    await put('put text', scaleTo('a', '3'));
    await put('put an unknown field', { ...scaleTo('a', 5), spec: { replicas: 1, max: 2 } });
    await session.send('put an unknown field, strictly', {
      method: 'PUT',
      path: `${path}?fieldValidation=Strict`,
      body: { ...scaleTo('a', 5), spec: { replicas: 1, max: 2 } },
    });
    await put('put the object itself', deviceSet('a', { replicas: 2 }));
    await merge('merge', { spec: { replicas: 6 } });
    await merge('merge the same', { spec: { replicas: 6 } });
    await merge('merge with another version', { metadata: { resourceVersion: '1' }, spec: { replicas: 7 } });
    await merge('merge a dry run', { spec: { replicas: 7 } }, '?dryRun=All');
    await merge('merge other fields, which do not count', {
      metadata: { labels: { a: 'b' } },
      status: { replicas: 9 },
    });
    await merge('merge null', { spec: { replicas: null } });
    await session.send('a JSON patch', {
      method: 'PATCH',
      path,
      type: jsonPatch,
      body: [{ op: 'add', path: '/spec/replicas', value: 8 }],
    });
    await session.send('a JSON patch that tests', {
      method: 'PATCH',
      path,
      type: jsonPatch,
      body: [{ op: 'test', path: '/spec/replicas', value: 2 }],
    });
    await session.send('the object after patches', { path: item });
    await apply('apply where nobody holds replicas', 'scaler', scaleTo('a', 9));
    await session.send('post', { method: 'POST', path, body: scaleTo('a', 2) });
    await session.send('delete', { method: 'DELETE', path });
    await session.send('of what is not there', { path: `${sets}/z/scale` });
    await session.send('put of what is not there', { method: 'PUT', path: `${sets}/z/scale`, body: scaleTo('z', 2) });
    await session.send('watch', { path: `${path}?watch=true&timeoutSeconds=1` });
    // One without replicas.
    await session.prepare({ method: 'POST', path: sets, body: deviceSet('b', { perNode: 1 }) });
    await session.send('get without replicas', { path: `${sets}/b/scale` });
    await session.send('put without replicas', { method: 'PUT', path: `${sets}/b/scale`, body: scaleTo('b', 1) });
    await session.send('merge without replicas', {
      method: 'PATCH',
      path: `${sets}/b/scale`,
      type: mergePatch,
      body: { spec: { replicas: 1 } },
    });
    await session.send('an empty merge without replicas', { method: 'PATCH', path: `${sets}/b/scale`, type: mergePatch, body: {} });
    // Numbers are judged however they are written, and a kind that is not scaled has none.
    await session.send('an object with a negative number', { method: 'POST', path: sets, body: deviceSet('c', { replicas: -1 }) });
    await session.send('a status with a negative number', {
      method: 'PATCH',
      path: `${item}/status`,
      type: mergePatch,
      body: { status: { replicas: -1 } },
    });
    await session.send('of a kind that has none', { path: `${session.devices}/a/scale` });
    await session.send('neither replicas nor perNode', { method: 'POST', path: sets, body: deviceSet('d', {}) });
    await session.send('both replicas and perNode', { method: 'POST', path: sets, body: deviceSet('d', { replicas: 1, perNode: 1 }) });
    await session.send('from replicas to perNode', {
      method: 'PATCH',
      path: item,
      type: mergePatch,
      body: { spec: { replicas: null, perNode: 1 } },
    });
    await session.send('too long a name', { method: 'POST', path: sets, body: deviceSet('x'.repeat(64), { replicas: 1 }) });
    await session.send('the sets as a table', { path: sets, headers: { accept: table } });
  },
};
