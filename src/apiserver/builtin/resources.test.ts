import { describe, expect, it } from 'vitest';
import { renderFieldError } from '../field-error.ts';
import type { JsonObject, KubeObject } from '../object.ts';
import { humanDuration } from './age.ts';
import { coreEventResource, eventsEventResource } from './event.ts';
import { leaseResource } from './lease.ts';
import { namespaceResource } from './namespace.ts';
import { nodeResource } from './node.ts';
import type { BuiltinResource } from './resource.ts';
import { builtinResources } from './resources.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const object = (rest: JsonObject, metadata: object = {}): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'X',
    metadata: { name: 'x', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    ...rest,
  }) as unknown as KubeObject;
const refusals = (resource: BuiltinResource, it: KubeObject, old?: KubeObject, subresource = ''): string[] =>
  resource.validate(it, subresource, old).map(renderFieldError);

describe('builtinResources', () => {
  it.each(builtinResources.map((resource) => [`${resource.group}/${resource.plural}`, resource] as const))(
    '%s gives a cell for every column',
    (_name, resource) => {
      expect(resource.row(object({}), now)).toHaveLength(resource.columns.length);
    },
  );

  it.each(builtinResources.map((resource) => [`${resource.group}/${resource.plural}`, resource] as const))(
    '%s has a value for every selectable field',
    (_name, resource) => {
      expect(Object.keys(resource.selectedFields(object({}))).sort()).toEqual([...resource.selectableFields].sort());
    },
  );
});

describe('humanDuration', () => {
  it.each([
    [0, '0s'],
    [-5000, '<invalid>'],
    [119, '119s'],
    [120, '2m'],
    [9 * 60 + 5, '9m5s'],
    [179 * 60, '179m'],
    [3 * 3600 + 60, '3h1m'],
    [47 * 3600, '47h'],
    [50 * 3600, '2d2h'],
    [8 * 86400, '8d'],
    [800 * 86400, '2y70d'],
    [9 * 365 * 86400, '9y'],
  ])('prints %d seconds as %s', (seconds, text) => {
    expect(humanDuration(seconds < 0 ? seconds : seconds * 1000)).toBe(text);
  });
});

describe('Node', () => {
  const ready = { conditions: [{ type: 'Ready', status: 'True' }], addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] };

  it('shows readiness, roles and addresses', () => {
    const labels = { 'node-role.kubernetes.io/worker': '', 'kubernetes.io/role': 'gpu' };
    const row = nodeResource.row(
      object({ spec: { unschedulable: true }, status: { ...ready, nodeInfo: { kubeletVersion: 'v1' } } }, { labels }),
      now,
    );
    expect(row.slice(0, 7)).toEqual(['x', 'Ready,SchedulingDisabled', 'gpu,worker', '60m', 'v1', '10.0.0.1', '<none>']);
  });

  it('refuses taints without key or effect, and the same taint twice', () => {
    const taints = [
      { key: 'a', effect: 'NoSchedule' },
      { key: 'a', effect: 'NoSchedule' },
      { key: '', effect: 'Never' },
    ];
    expect(refusals(nodeResource, object({ spec: { taints } }))).toEqual([
      'metadata.taints[1]: Duplicate value: {"effect":"NoSchedule","key":"a"}: taints must be unique by key and effect pair',
      'metadata.taints[2].key: Invalid value: "": name part must be non-empty',
      expect.stringContaining('metadata.taints[2].key: Invalid value: "": name part must consist of alphanumeric characters'),
      'metadata.taints[2].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ]);
  });

  it('keeps status on a write of the object, and spec on a write of the status', () => {
    const old = object({ spec: { providerID: 'a' }, status: ready });
    const main = object({ spec: { providerID: 'a', unschedulable: true }, status: {} });
    nodeResource.prepare(main, '', old);
    expect(main).toMatchObject({ spec: { unschedulable: true }, status: ready });
    const status = object({ spec: { unschedulable: true }, status: {} });
    nodeResource.prepare(status, 'status', old);
    expect(status).toMatchObject({ spec: { providerID: 'a' }, status: {} });
  });
});

describe('Namespace', () => {
  it('starts active, with its finalizer and its name as a label', () => {
    const namespace = object({ status: { phase: 'Odd' } });
    namespaceResource.prepare(namespace, '');
    expect(namespace).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': 'x' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
  });

  it('changes its finalizers through the finalize subresource only', () => {
    const old = object({ spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } });
    const [main, finalize] = [object({ spec: {} }), object({ spec: {} })];
    namespaceResource.prepare(main, '', old);
    namespaceResource.prepare(finalize, 'finalize', old);
    expect([main.spec, finalize.spec]).toEqual([{ finalizers: ['kubernetes'] }, {}]);
  });

  it('may say that it is terminating only when it is', () => {
    expect(refusals(namespaceResource, object({ status: { phase: 'Terminating' } }), undefined, 'status')).toEqual([
      'status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty',
    ]);
  });
});

describe('Lease', () => {
  it.each([
    [{ leaseDurationSeconds: 0 }, 'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0'],
    [{ leaseTransitions: -1 }, 'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0'],
  ])('refuses %j', (spec, message) => {
    expect(refusals(leaseResource, object({ spec }))).toEqual([message]);
  });
});

describe('Event', () => {
  const old = object(
    {
      involvedObject: { kind: 'MdevDevice', name: 'd', namespace: 'x' },
      reason: 'Created',
      message: ' made ',
      type: 'Normal',
      count: 3,
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:59:30Z',
      source: { component: 'agent', host: 'n1' },
      reportingComponent: '',
      reportingInstance: '',
    },
    { namespace: 'x' },
  );

  it('reads the same through both of its views', () => {
    const view = eventsEventResource.fromStorage(old);
    expect(view).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      regarding: { name: 'd' },
      note: ' made ',
      deprecatedCount: 3,
      deprecatedSource: { host: 'n1' },
    });
    expect(view).not.toHaveProperty('involvedObject');
    expect(eventsEventResource.toStorage(view)).toEqual(old);
    expect(eventsEventResource.row(view, now)).toEqual(coreEventResource.row(old, now));
    expect(eventsEventResource.selectedFields(view)).toMatchObject({ 'regarding.name': 'd', reason: 'Created', reportingController: '' });
  });

  it('shows when, what and whom', () => {
    expect(coreEventResource.row(old, now)).toEqual(['30s', 'Normal', 'Created', 'mdevdevice/d', '', 'agent, n1', 'made', '60m', 3, 'x']);
  });

  it('has to be in the namespace of its object', () => {
    expect(refusals(coreEventResource, object({ ...old, involvedObject: { namespace: 'y' } }, { namespace: 'x' }))).toEqual([
      'involvedObject.namespace: Invalid value: "y": does not match event.namespace',
    ]);
  });

  it('has to be complete in its new form', () => {
    const event = {
      ...object({ eventTime: '2026-01-01T00:00:00.000000Z', regarding: { namespace: 'x' }, type: 'Odd' }, { namespace: 'x' }),
      apiVersion: 'events.k8s.io/v1',
    };
    expect(refusals(eventsEventResource, event as KubeObject)).toEqual(
      expect.arrayContaining([
        'reportingController: Required value',
        'reportingInstance: Required value',
        'action: Required value',
        'reason: Required value',
        'type: Invalid value: "": has invalid value: Odd',
      ]),
    );
  });

  it('cannot be turned into another event', () => {
    const event = { ...eventsEventResource.fromStorage(old), note: 'other' };
    expect(refusals(eventsEventResource, event, eventsEventResource.fromStorage(old))).toContain(
      'message: Invalid value: "other": field is immutable',
    );
  });
});
