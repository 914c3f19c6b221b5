import { api, applyPatch, device, mergePatch, parent, type Scenario } from '../scenario.ts';

const condition = (type: string, status = 'True'): object => ({
  type,
  status,
  reason: 'R',
  message: 'm',
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

export const apply: Scenario = {
  name: 'apply',
  withinOneSecond: true,
  async run(session) {
    const item = `${session.devices}/a`;
    const send = (label: string, manager: string, body: object | string, query = ''): Promise<unknown> =>
      session.send(label, { method: 'PATCH', path: `${item}?fieldManager=${manager}${query}`, type: applyPatch, body });
    await send('apply creates', 'one', device('a', { online: true }, { labels: { from: 'one' } }));
    await send('apply the same', 'one', device('a', { online: true }, { labels: { from: 'one' } }));
    await send('another manager, another field', 'two', device('a', { reclaimPolicy: 'Retain' }));
    await send('a conflict', 'two', device('a', { online: false }, { labels: { from: 'two' } }));
    await send('the same value is shared', 'two', device('a', { online: true }));
    await send('the conflict by force', 'two', device('a', { online: false }, { labels: { from: 'two' } }), '&force=true');
    await send('a conflict the other way', 'one', device('a', { online: true }, { labels: { from: 'one' } }));
    await send('giving a field up', 'two', device('a'));
    await send('giving up what others own too', 'one', device('a'));
    await session.send('an update takes a field', {
      method: 'PATCH',
      path: `${item}?fieldManager=editor`,
      type: mergePatch,
      body: { metadata: { labels: { from: 'editor' } }, spec: { online: false } },
    });
    await send('a conflict with an update', 'one', device('a', { online: true }));
    await send('a conflict with two managers', 'three', device('a', { online: true }, { labels: { from: 'three' } }));
    await send(
      'YAML',
      'yaml',
      'apiVersion: mediated.dev/v1alpha1\nkind: MdevDevice\nmetadata:\n  name: a\n  annotations: {example.com/a: "1"}\nspec: {type: {id: mtty-1}}\n',
    );
    await send('a dry run', 'dry', device('a', {}, { labels: { dry: 'run' } }), '&dryRun=All');
    await send('an unknown field', 'one', device('a', { vgpu: 1 }));
    await send('an unknown field strictly', 'one', device('a', { vgpu: 1 }), '&fieldValidation=Strict');
    await send('an immutable field', 'one', device('a', { group: 'x' }));
    await send('a wrong type', 'one', device('a', { attributes: 'x' }));
    await send('a status, which is dropped', 'one', { ...device('a'), status: { uuid: 'x' } });
    await send('managedFields', 'one', device('a', {}, { managedFields: [{ manager: 'x' }] }));
    await send('an empty managedFields', 'one', device('a', {}, { managedFields: [] }));
    await send('another name', 'one', device('b'));
    await send('another version', 'one', { ...device('a'), apiVersion: 'mediated.dev/v1' });
    await send('another kind', 'one', { ...device('a'), kind: 'MdevParent' });
    await send('no kind', 'one', { metadata: { name: 'a' } });
    await send('an old version of the object', 'one', device('a', {}, { resourceVersion: '1' }));
    await send('broken YAML', 'one', 'a: [');
    await send('a list', 'one', '[]');
    await send('an empty body', 'one', '');
    await session.send('no field manager', { method: 'PATCH', path: item, type: applyPatch, body: device('a') });
    await send('a field manager that is too long', 'm'.repeat(129), device('a'));
    await send('force that is no boolean', 'one', device('a'), '&force=perhaps');
    await session.send('a version for what is not there', {
      method: 'PATCH',
      path: `${session.devices}/z?fieldManager=one`,
      type: applyPatch,
      body: device('z', {}, { resourceVersion: '1' }),
    });
    await session.send('a uid for what is not there', {
      method: 'PATCH',
      path: `${session.devices}/z?fieldManager=one`,
      type: applyPatch,
      body: device('z', {}, { uid: '11111111-2222-3333-4444-555555555555' }),
    });
    await session.send('in a namespace that is not there', {
      method: 'PATCH',
      path: `${api}/namespaces/nowhere-at-all/mdevdevices/a?fieldManager=one`,
      type: applyPatch,
      body: device('a'),
    });
    await session.send('an invalid object', {
      method: 'PATCH',
      path: `${session.devices}/y?fieldManager=one`,
      type: applyPatch,
      body: device('y', { placement: 'x' }),
    });
  },
};

export const applyStatus: Scenario = {
  name: 'apply-status',
  withinOneSecond: true,
  async run(session) {
    await session.prepare({ method: 'POST', path: session.devices, body: device('a') });
    const item = `${session.devices}/a`;
    const send = (label: string, manager: string, status: object, query = ''): Promise<unknown> =>
      session.send(label, {
        method: 'PATCH',
        path: `${item}/status?fieldManager=${manager}${query}`,
        type: applyPatch,
        body: { apiVersion: 'mediated.dev/v1alpha1', kind: 'MdevDevice', metadata: { name: 'a' }, status },
      });
    const allocation = { nodeName: 'node-1', parentName: 'p', typeID: 'mtty-1' };
    await send('the controller', 'controller', { allocation, conditions: [condition('Allocated')] });
    await send('the agent', 'agent', {
      uuid: '12345678-1234-1234-1234-123456789abc',
      conditions: [condition('Created'), condition('Ready', 'False')],
    });
    await send('the agent again', 'agent', {
      uuid: '12345678-1234-1234-1234-123456789abc',
      conditions: [condition('Created'), condition('Ready', 'False')],
    });
    await send('a condition changes', 'agent', {
      uuid: '12345678-1234-1234-1234-123456789abc',
      conditions: [condition('Created'), condition('Ready')],
    });
    await send('a condition goes', 'agent', { conditions: [condition('Ready')] });
    await send('a condition of the other', 'agent', { conditions: [condition('Ready'), condition('Allocated', 'False')] });
    await send(
      'a condition of the other by force',
      'agent',
      { conditions: [condition('Ready'), condition('Allocated', 'False')] },
      '&force=true',
    );
    await send('the controller gives all up', 'controller', {});
    await send('one key twice', 'agent', { conditions: [condition('Ready'), condition('Ready')] });
    await send('no key', 'agent', { conditions: [{ status: 'True' }] });
    await send('an atomic list', 'agent', { users: [{ pid: 1, comm: 'a' }] });
    await send('an atomic list of another', 'other', { users: [{ pid: 2, comm: 'b' }] });
    await send('numbers in other notation', 'agent', { pinned: { pages: 1e3, lockedBytes: 4096 } });
    await session.send('spec with status', {
      method: 'PATCH',
      path: `${item}/status?fieldManager=agent&force=true`,
      type: applyPatch,
      body: { ...device('a', { online: false }, { labels: { no: 'label' } }), status: {} },
    });
    await session.send('status of what is not there', {
      method: 'PATCH',
      path: `${session.devices}/z/status?fieldManager=agent`,
      type: applyPatch,
      body: { ...device('z'), status: {} },
    });
  },
};

export const applySet: Scenario = {
  name: 'apply-set',
  withinOneSecond: true,
  async run(session) {
    const item = `${api}/mdevparents/${session.namespace}`;
    const send = (label: string, manager: string, allowedTypes: string[]): Promise<unknown> =>
      session.send(label, {
        method: 'PATCH',
        path: `${item}?fieldManager=${manager}`,
        type: applyPatch,
        body: parent(session.namespace, { allowedTypes }),
      });
    await send('one', 'one', ['b', 'a']);
    await send('another adds', 'two', ['c', 'a']);
    await send('the first takes away', 'one', ['b']);
    await send('both give up', 'two', []);
    await send('a duplicate', 'one', ['x', 'x']);
    await session.send('delete', { method: 'DELETE', path: item });
  },
};
