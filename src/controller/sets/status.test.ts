import { describe, expect, test } from 'vitest';
import { mdevDeviceSetSchema, type MdevDeviceSet } from '../../api/mdev-device-set.ts';
import { mdevDeviceSchema, type MdevDevice } from '../../api/mdev-device.ts';
import type { SetDevice, SetPlan, SetSituation } from './plan.ts';
import { saysStatus, statusOf, type SetReport } from './status.ts';

const apiVersion = 'mediated.dev/v1alpha1';
const now = Date.UTC(2026, 0, 1);

const set: MdevDeviceSet = mdevDeviceSetSchema.parse({
  apiVersion,
  kind: 'MdevDeviceSet',
  metadata: { name: 'cards', namespace: 'ns', uid: 'set', generation: 3 },
  spec: { replicas: 2, template: { spec: { type: { id: 't' } } } },
});

const device = (name: string, more: Partial<SetDevice> = {}): SetDevice => ({
  name,
  uid: name,
  pool: '',
  ordinal: 0,
  deleting: false,
  ready: 'True',
  inUse: false,
  outdated: false,
  lost: false,
  ...more,
});

function object(name: string, ...conditions: { type: string; status: string; reason: string; message: string }[]): MdevDevice {
  const full = conditions.map((each) => ({ ...each, lastTransitionTime: '2026-01-01T00:00:00Z' }));
  return mdevDeviceSchema.parse({
    apiVersion,
    kind: 'MdevDevice',
    metadata: { name },
    spec: set.spec.template.spec,
    status: { conditions: full },
  });
}

function report(
  devices: readonly SetDevice[],
  more: { wanted?: number; plan?: Partial<SetPlan>; objects?: MdevDevice[]; failure?: string } = {},
): SetReport {
  const { wanted = 2, plan, objects = [], failure } = more;
  const pools: SetSituation['pools'] = wanted < 0 ? [] : [{ key: '', stem: 'cards', wanted, keepsUsed: false, open: true }];
  return {
    situation: { pools, devices, stranger: () => undefined, adoptable: [], maxUnavailable: 1 },
    plan: { actions: [], taken: [], awaited: [], ...plan },
    object: (name) => objects.find(({ metadata }) => metadata.name === name),
    failure,
  };
}

/** Conditions as [status, reason, message], by type. */
function told(from: SetReport): Record<string, [string, string, string]> {
  const { conditions = [] } = statusOf(set, from, now);
  return Object.fromEntries(conditions.map(({ type, status, reason, message }) => [type, [status, reason, message]]));
}

test('counts devices that stay, and what the wanted ones lack', () => {
  const devices = [device('a'), device('b', { ready: 'False', outdated: true }), device('c', { deleting: true })];
  expect(statusOf(set, report(devices, { wanted: 3 }), now)).toMatchObject({
    observedGeneration: 3,
    desiredReplicas: 3,
    replicas: 2,
    readyReplicas: 1,
    updatedReplicas: 1,
    unavailableReplicas: 2,
    selector: 'mediated.dev/set=cards',
  });
});

describe('condition Ready', () => {
  test('is True when as many are as are wanted', () => {
    expect(told(report([device('a'), device('b')]))['Ready']).toEqual(['True', 'Ready', '2 of 2 devices are Ready.']);
    expect(told(report([], { wanted: 0 }))['Ready']?.[0]).toBe('True');
  });

  test('says what the others lack, the commonest first, with an example of each', () => {
    const refused = (name: string): MdevDevice =>
      object(name, { type: 'Allocated', status: 'False', reason: 'NoCapacity', message: 'No parent has room.' });
    const devices = ['a', 'b', 'c', 'd'].map((name) => device(name, { ready: name === 'a' ? 'True' : 'False' }));
    const failing = object('d', { type: 'Ready', status: 'False', reason: 'KernelBlocked', message: 'The kernel does not answer.' });
    const ready = told(report(devices, { wanted: 5, objects: [refused('b'), refused('c'), failing] }))['Ready'];
    expect(ready).toEqual([
      'False',
      'DevicesNotReady',
      '1 of 5 devices is Ready; 2 are without a place: b: No parent has room; 1 is not Ready (KernelBlocked): d: The kernel does not answer; ' +
        '1 is to be created.',
    ]);
  });

  test('says that no node is meant', () => {
    expect(told(report([], { wanted: -1 }))['Ready']?.slice(0, 2)).toEqual(['False', 'NoNodes']);
  });
});

describe('condition Progressing', () => {
  test('is over when all is as it shall be', () => {
    expect(told(report([device('a'), device('b')]))['Progressing']).toEqual(['False', 'Complete', 'All is as it shall be: 2 devices.']);
  });

  test('names who holds a name, before all else but a write that failed', () => {
    const taken = { taken: ['cards-0', 'cards-1', 'cards-2', 'cards-3'] };
    expect(told(report([], { plan: taken }))['Progressing']?.slice(0, 2)).toEqual(['False', 'NameTaken']);
    expect(told(report([], { plan: taken }))['Progressing']?.[2]).toMatch(/^cards-0, cards-1, cards-2 and 1 more exists/);
    expect(told(report([], { plan: taken, failure: 'exceeded quota' }))['Progressing']).toEqual([
      'False',
      'CreateFailed',
      'exceeded quota',
    ]);
  });

  test('goes on while devices of an earlier template can be replaced, and waits for users of the last ones', () => {
    const used = device('b', { outdated: true, inUse: true });
    expect(told(report([device('a', { outdated: true }), used]))['Progressing']?.slice(0, 2)).toEqual(['True', 'RollingOut']);
    const waiting = told(report([device('a'), used]))['Progressing'];
    expect(waiting).toEqual([
      'False',
      'WaitingForRelease',
      '1 device of an earlier template is in use: b. Each is replaced when it is released.',
    ]);
  });

  test('says which devices are too many and in use', () => {
    const three = ['a', 'b', 'c'].map((name) => device(name, { inUse: true }));
    expect(told(report(three))['Progressing']).toEqual([
      'False',
      'WaitingForRelease',
      '1 device too many, but in use: a, b, c. They go when they are released.',
    ]);
    expect(told(report([device('a')]))['Progressing']?.slice(0, 2)).toEqual(['True', 'Scaling']);
  });
});

test('a status that says the same again, in whatever order its fields come, needs no write', () => {
  const first = statusOf(set, report([device('a'), device('b')]), now);
  const { conditions = [], ...rest } = first;
  const reordered = { conditions: [...conditions].reverse(), ...Object.fromEntries(Object.entries(rest).reverse()) };
  const written = { ...set, status: reordered } as MdevDeviceSet;
  expect(saysStatus(written, statusOf(written, report([device('a'), device('b')]), now + 1_000))).toBe(true);
  expect(saysStatus(written, statusOf(written, report([device('a')]), now))).toBe(false);
  expect(saysStatus(set, first)).toBe(false);
});
