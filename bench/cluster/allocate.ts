import { mdevDeviceSchema, type MdevDevice } from '../../src/api/mdev-device.ts';
import { mdevParentSchema } from '../../src/api/mdev-parent.ts';
import { decide, type Situation } from '../../src/controller/decide.ts';
import { Ledger } from '../../src/controller/ledger.ts';
import { Avoidance } from '../../src/controller/withdrawal.ts';
import { createWorld } from '../../src/controller/world.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { bound, compareInRounds, median, type BenchResult } from '../result.ts';
import { controllerStatus } from './bare-bodies.ts';
import { deviceName, namespace } from './side.ts';

const parents = 1000;
const few = 1_000;
const many = 100_000;
const rounds = 400;
const batch = 20;
const waiting = 1000;
const explainRounds = 5;

/** `cluster.allocate`: to decide where a device goes among 1,000 parents, with 100,000 devices present over with 1,000. No API server. */
export function allocate(): readonly BenchResult[] {
  const crowded = new Clusterful(many);
  const sparse = new Clusterful(few);
  const times = { crowded: [] as number[], sparse: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? (['crowded', 'sparse'] as const) : (['sparse', 'crowded'] as const);
    for (const which of order) {
      const time = (which === 'crowded' ? crowded : sparse).timeOfAllocation();
      // The first rounds warm up.
      if (round >= rounds / 4) times[which].push(time);
    }
  }
  return [
    compareInRounds('cluster.allocate', times.crowded, `us per device, ${parents} parents, ${many} devices over ${few}`, times.sparse, 1.2),
    bound('cluster.allocate.time', median(times.crowded), 'us per device', 1000),
  ];
}

/**
 * `cluster.explain`: to say why each of 1,000 waiting devices finds no place among 1,000 parents, where all ask for the same, over where each
 * asks for another type. No API server.
 */
export function explain(): readonly BenchResult[] {
  const cluster = new Clusterful(few);
  const times = { same: [] as number[], different: [] as number[] };
  for (let round = 0; round < explainRounds; round++) {
    times.same.push(cluster.timeOfRefusals(() => 'none'));
    times.different.push(cluster.timeOfRefusals((index) => `none-${index}`));
  }
  return [compareInRounds('cluster.explain', times.same, `us per waiting device, ${parents} parents`, times.different, 0.1)];
}

/** A cluster of 1,000 parents, a node each, as the controller holds it, and devices spread over them. */
class Clusterful {
  readonly #situation: Situation;
  #next: number;

  constructor(devices: number) {
    const world = createWorld('6ba7b810-9dad-11d1-80b4-00c04fd430c8');
    this.#situation = { world, ledger: new Ledger(world), avoidance: new Avoidance(systemClock), mayAdopt: () => false };
    const ports = Math.ceil((many * 1.2) / parents);
    const on = (parent: number): number => Math.floor((devices - parent + parents - 1) / parents);
    for (let parent = 0; parent < parents; parent++) {
      world.nodes.upsert({ metadata: { name: node(parent) } });
      world.parents.upsert(parentWith(parent, ports, on(parent)));
    }
    for (let number = 0; number < devices; number++) world.devices.upsert(deviceOn(number, node(number % parents)));
    this.#next = devices;
  }

  /** Decides about a batch of new devices, each assumed as the controller does, in us per device; then all is as it was. */
  timeOfAllocation(): number {
    const { world, ledger } = this.#situation;
    const devices = Array.from({ length: batch }, () => deviceOn(this.#next++, undefined));
    for (const device of devices) world.devices.upsert(device);
    const begin = performance.now();
    for (const device of devices) {
      const [action] = decide(device, this.#situation).values();
      if (action?.type !== 'Allocate') throw new Error(`A device was not allocated: ${JSON.stringify(action)}`);
      ledger.assume(device, action.allocation.parentName, action.allocation.typeID);
    }
    const time = performance.now() - begin;
    for (const device of devices) {
      ledger.forget(device.metadata.uid ?? '');
      world.devices.delete(`${namespace}/${device.metadata.name}`);
    }
    return (time * 1000) / batch;
  }

  /** Decides about waiting devices, each of a type that no parent has, when a parent has just changed; in us per device. */
  timeOfRefusals(typeOf: (index: number) => string): number {
    const { ledger } = this.#situation;
    const devices = Array.from({ length: waiting }, (_, index) => deviceOn(this.#next++, undefined, typeOf(index)));
    ledger.invalidate(`${node(0)}-mtty-0-12345678`);
    const begin = performance.now();
    for (const device of devices) {
      const [action] = decide(device, this.#situation).values();
      if (action?.type !== 'Refuse') throw new Error(`A device was not refused: ${JSON.stringify(action)}`);
    }
    return ((performance.now() - begin) * 1000) / waiting;
  }
}

function node(parent: number): string {
  return `node-${String(parent).padStart(4, '0')}`;
}

function uuid(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

function parentWith(parent: number, ports: number, devices: number): ReturnType<typeof mdevParentSchema.parse> {
  return mdevParentSchema.parse({
    apiVersion: 'mediated.dev/v1alpha1',
    kind: 'MdevParent',
    metadata: { name: `${node(parent)}-mtty-0-12345678`, uid: `parent-${parent}`, resourceVersion: '1' },
    spec: { nodeName: node(parent), parent: 'mtty-0' },
    status: {
      sharing: 'Pooled',
      supportedTypes: [
        { id: 'mtty-1', maxInstances: ports, availableInstances: ports - devices, instances: devices },
        { id: 'mtty-2', maxInstances: Math.floor(ports / 2), availableInstances: Math.floor((ports - devices) / 2), instances: 0 },
      ],
      devices: Array.from({ length: devices }, (_, index) => {
        const number = parent + index * parents;
        return { uuid: uuid(number), typeID: 'mtty-1', owner: { namespace, name: deviceName(number), uid: `device-${number}` } };
      }),
      conditions: [{ type: 'Present', status: 'True', reason: 'Present', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }],
    },
  });
}

/** @param nodeName where it is, undefined for one that is new */
function deviceOn(number: number, nodeName: string | undefined, typeID = 'mtty-1'): MdevDevice {
  return mdevDeviceSchema.parse({
    apiVersion: 'mediated.dev/v1alpha1',
    kind: 'MdevDevice',
    metadata: {
      namespace,
      name: deviceName(number),
      uid: `device-${number}`,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      finalizers: ['mediated.dev/device'],
    },
    spec: { type: { id: typeID } },
    ...(nodeName !== undefined && { status: { uuid: uuid(number), ...controllerStatus(nodeName) } }),
  });
}
