import { api, device, jsonPatch, mergePatch, metadataOf, parent, type Scenario, strategicPatch } from '../scenario.ts';

export const patches: Scenario = {
  name: 'patch',
  async run(session) {
    const item = `${session.devices}/a`;
    const patch = (label: string, type: string, body: object | string, path = item): Promise<Record<string, unknown>> =>
      session.send(label, { method: 'PATCH', path, type, body });
    const made = await session.send('create', {
      method: 'POST',
      path: session.devices,
      body: device('a', { attributes: [{ name: 'x', value: '1' }] }, { labels: { keep: 'me' } }),
    });

    await patch('merge', mergePatch, { metadata: { labels: { a: 'b' } }, spec: { online: false } });
    await patch('merge nothing', mergePatch, {});
    await patch('merge the same', mergePatch, { spec: { online: false } });
    await patch('merge removes a label', mergePatch, { metadata: { labels: { a: null, never: null } } });
    await patch('merge removes a default', mergePatch, { spec: { online: null } });
    await patch('merge an immutable field', mergePatch, { spec: { group: 'x' } });
    await patch('merge a list', mergePatch, { spec: { attributes: [{ name: 'y', value: '2' }] } });
    await patch('merge an unknown field', mergePatch, { spec: { vgpu: 1 } });
    await patch('merge an unknown field strictly', mergePatch, { spec: { vgpu: 1 } }, `${item}?fieldValidation=Strict`);
    await patch('merge status, which is ignored here', mergePatch, { status: { uuid: 'x' } });
    await patch('merge another name', mergePatch, { metadata: { name: 'b' } });
    await patch('merge another uid', mergePatch, { metadata: { uid: '11111111-2222-3333-4444-555555555555' } });
    await patch('merge another namespace', mergePatch, { metadata: { namespace: 'other' } });
    await patch('merge another kind', mergePatch, { kind: 'MdevParent' });
    await patch('merge an old version', mergePatch, {
      metadata: { resourceVersion: metadataOf(made).resourceVersion },
      spec: { online: false },
    });
    await patch('merge a list for an object', mergePatch, { spec: ['a'] });
    await patch('merge broken JSON', mergePatch, '{"spec":');
    await patch('merge no object', mergePatch, '[]');
    await patch('merge null', mergePatch, 'null');
    await patch('merge YAML', mergePatch, 'spec: {online: false}');
    await patch('merge what is not there', mergePatch, {}, `${session.devices}/z`);
    await patch('merge with a field twice', mergePatch, '{"spec":{"online":true,"online":false}}', `${item}?fieldValidation=Strict`);

    await patch('JSON', jsonPatch, [
      { op: 'add', path: '/metadata/labels/n', value: '1' },
      { op: 'replace', path: '/spec/online', value: false },
    ]);
    await patch('JSON test that holds', jsonPatch, [
      { op: 'test', path: '/spec/online', value: false },
      { op: 'remove', path: '/metadata/labels/n' },
    ]);
    await patch('JSON test that fails', jsonPatch, [{ op: 'test', path: '/spec/online', value: true }]);
    await patch('JSON removes what is not there', jsonPatch, [{ op: 'remove', path: '/metadata/labels/none' }]);
    await patch('JSON replaces what is not there', jsonPatch, [{ op: 'replace', path: '/metadata/annotations/none', value: 'x' }]);
    await patch('JSON adds below what is not there', jsonPatch, [{ op: 'add', path: '/metadata/annotations/a', value: 'x' }]);
    await patch('JSON of an unknown operation', jsonPatch, [{ op: 'invent', path: '/spec/online' }]);
    await patch('JSON without path', jsonPatch, [{ op: 'add', value: 1 }]);
    await patch('JSON that is an object', jsonPatch, { op: 'add' });
    await patch('JSON without operations', jsonPatch, []);
    await patch('JSON move and copy', jsonPatch, [
      { op: 'copy', from: '/metadata/labels/keep', path: '/metadata/labels/copied' },
      { op: 'move', from: '/metadata/labels/keep', path: '/metadata/labels/moved' },
    ]);
    await patch('JSON that breaks the schema', jsonPatch, [{ op: 'replace', path: '/spec/online', value: 'yes' }]);
    await patch('JSON removes a required field', jsonPatch, [{ op: 'remove', path: '/spec/type' }]);
    await patch('JSON that breaks metadata', jsonPatch, [{ op: 'replace', path: '/metadata/labels', value: 'x' }]);

    await patch('a strategic patch of a custom resource', strategicPatch, { spec: { online: true } });
    await patch('a patch of no known type', 'application/json', { spec: {} });
    await patch('a patch without type', '', { spec: {} });
    await patch('a patch of type with charset', `${mergePatch}; charset=utf-8`, { metadata: { labels: { charset: 'x' } } });
    await session.send('a patch of a collection', { method: 'PATCH', path: session.devices, type: mergePatch, body: {} });
    await patch('force with a merge patch', mergePatch, {}, `${item}?force=true`);
    await patch('a field manager', mergePatch, { spec: { online: true } }, `${item}?fieldManager=tester`);
  },
};

export const strategic: Scenario = {
  name: 'strategic-patch',
  async run(session) {
    const name = `${session.namespace}-node`;
    const item = `/api/v1/nodes/${name}`;
    const patch = (label: string, body: object, path = item): Promise<unknown> =>
      session.send(label, { method: 'PATCH', path, type: strategicPatch, body });
    const condition = (type: string, status: string): object => ({
      type,
      status,
      reason: 'R',
      message: 'm',
      lastHeartbeatTime: '2026-01-01T00:00:00Z',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    });
    await session.send('create a node', {
      method: 'POST',
      path: '/api/v1/nodes',
      body: { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { a: 'b' } } },
    });
    await patch('a label', { metadata: { labels: { c: 'd', a: null } } });
    await patch('a taint', { spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] } });
    await patch('another taint', { spec: { taints: [{ key: 'k2', effect: 'NoExecute' }] } });
    await patch('unschedulable', { spec: { unschedulable: true } });
    await patch(
      'conditions',
      { status: { conditions: [condition('Ready', 'True'), condition('DiskPressure', 'False')] } },
      `${item}/status`,
    );
    await patch('one condition', { status: { conditions: [condition('Ready', 'False')] } }, `${item}/status`);
    await patch('a condition goes', { status: { conditions: [{ $patch: 'delete', type: 'DiskPressure' }] } }, `${item}/status`);
    await patch('replace of a map', { metadata: { labels: { $patch: 'replace', only: 'this' } } });
    await patch('addresses', { status: { addresses: [{ type: 'InternalIP', address: '192.0.2.1' }] } }, `${item}/status`);
    await patch('finalizers', { metadata: { finalizers: ['example.com/a'] } });
    await patch('another finalizer is added', { metadata: { finalizers: ['example.com/b'] } });
    await patch('a finalizer goes', { metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/a'] } });
    await patch('nothing', {});
    await patch('an unknown field', { spec: { nothing: 1 } }, `${item}?fieldValidation=Strict`);
    await patch('a wrong type', { spec: { unschedulable: 'yes' } });
    await session.send('a merge patch of a built-in', {
      method: 'PATCH',
      path: item,
      type: mergePatch,
      body: { metadata: { finalizers: null } },
    });
    await session.send('a JSON patch of a built-in', {
      method: 'PATCH',
      path: item,
      type: jsonPatch,
      body: [{ op: 'remove', path: '/spec/unschedulable' }],
    });
    await session.send('delete', { method: 'DELETE', path: item });
  },
};

export const parentPatches: Scenario = {
  name: 'patch-parent',
  async run(session) {
    const item = `${api}/mdevparents/${session.namespace}`;
    await session.prepare({ method: 'POST', path: `${api}/mdevparents`, body: parent(session.namespace, { allowedTypes: ['a'] }) });
    const patch = (label: string, body: object): Promise<unknown> =>
      session.send(label, { method: 'PATCH', path: item, type: mergePatch, body });
    await patch('unschedulable', { spec: { unschedulable: true } });
    await patch('a set with duplicates', { spec: { allowedTypes: ['a', 'a'] } });
    await patch('a set emptied', { spec: { allowedTypes: [] } });
    await patch('an immutable field', { spec: { parent: 'other' } });
    await session.send('delete', { method: 'DELETE', path: item });
  },
};
