import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../lib/manual-clock.ts';
import type { EmulatedHost } from './host.ts';
import { bootHost } from './host.ts';
import type { Claim, OpenDevice } from './mdev/handles.ts';
import { parseProfile } from './profile.ts';
import type { Answer } from './testing/naive-model.ts';
import { hardware, NaiveModel } from './testing/naive-model.ts';
import { answerOf, settle } from './testing/rig.ts';

const common = { heads: 1, frameRateLimit: 60, framebufferMiB: 512, maxResolution: '640x480' };
const profile = parseProfile(
  JSON.stringify({
    parents: [
      {
        name: 'gpu',
        model: 'grid',
        types: [
          { id: 'big', name: 'Big', instances: 1, ...common },
          { id: 'middle', name: 'Middle', instances: 2, ...common },
          { id: 'small', name: 'Small', instances: 3, ...common },
        ],
      },
      {
        name: 'pool',
        model: 'gvt',
        memoryMiB: 640,
        removeWhileOpen: 'refuse',
        types: [128, 256, 512].map((memoryMiB) => ({ id: `p${memoryMiB}`, name: 'P', memoryMiB, resolution: '640x480' })),
      },
      { name: 'mtty', model: 'mtty', ports: 5 },
      { name: 'io', model: 'ccw', removeWhileOpen: 'refuse' },
      { name: 'matrix', model: 'matrix', instances: 2 },
    ],
  }),
);

const uuids = [1, 2, 3, 4, 5, 6].map((digit) => `abcdef78-1234-1234-1234-12345678900${digit}`);
const peers = [1, 2].map((digit) => `fedcba98-0000-0000-0000-00000000000${digit}`);
const types = Object.entries(hardware).flatMap(([parent, plan]) => Object.keys(plan.types).map((type) => ({ parent, type })));

type Operation =
  | {
      readonly do: 'create';
      readonly where: { readonly parent: string; readonly type: string };
      readonly uuid: string;
      readonly form: string;
    }
  | { readonly do: 'remove' | 'close' | 'claim'; readonly uuid: string }
  | { readonly do: 'open'; readonly uuid: string; readonly pid: number }
  | { readonly do: 'online'; readonly uuid: string; readonly text: string }
  | { readonly do: 'peer'; readonly uuid: string; readonly peer: string }
  | { readonly do: 'unclaim' }
  | { readonly do: 'unload' | 'load'; readonly parent: string };

const uuid = fc.constantFrom(...uuids);
const parent = fc.constantFrom(...Object.keys(hardware), 'nobody');
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('create'),
      where: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...types) }, fc.constant({ parent: 'gpu', type: 'mtty-1' })),
      uuid,
      form: fc.constantFrom('plain', 'plain', 'newline', 'upper', 'two newlines', '37', '35', 'empty'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('remove', 'close', 'claim'), uuid }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('open'), uuid, pid: fc.constantFrom(1, 2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('online'), uuid, text: fc.constantFrom('0', '1', '1\n', '2', '01', '', '1\n\n') }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('peer'), uuid, peer: fc.constantFrom(...peers) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('unclaim') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('unload', 'load'), parent }) },
);

/** The text that is written, and the UUID that a host must read in it. */
function written(plain: string, form: string): { readonly text: string; readonly means: string | undefined } {
  const texts: Record<string, string> = {
    plain,
    newline: `${plain}\n`,
    upper: plain.toUpperCase(),
    'two newlines': `${plain}\n\n`,
    '37': `${plain}x`,
    '35': plain.slice(1),
    empty: '',
  };
  return { text: texts[form] ?? plain, means: ['plain', 'newline', 'upper'].includes(form) ? plain : undefined };
}

/** Something that was started, with what the model says of it; `waits` turns into `ok` when the model is done with it. */
interface Started {
  expected: Answer;
  actual: Answer;
  readonly isDone: () => boolean;
}

class Pair {
  readonly model = new NaiveModel();
  readonly host: EmulatedHost;
  readonly #handles = new Map<string, OpenDevice[]>();
  readonly #claims: { readonly group: string; readonly claim: Claim }[] = [];
  readonly #started: Started[] = [];
  /** What follows from uevents alone. */
  readonly #seen = new Set<string>();

  constructor(host: EmulatedHost) {
    this.host = host;
    host.bus.uevents.subscribe(({ action, uuid: device }) => {
      if (action === 'add') this.#seen.add(device ?? '');
      if (action === 'remove') this.#seen.delete(device ?? '');
    });
  }

  /** Does `op` to both. */
  async apply(op: Operation): Promise<void> {
    const { host, model } = this;
    switch (op.do) {
      case 'create': {
        const { text, means } = written(op.uuid, op.form);
        const expected = model.create(op.where.parent, op.where.type, means);
        await this.#run(expected, host.foreignCreate(op.where.parent, op.where.type, text));
        const made = model.find(op.uuid);
        if (expected === 'ok' && made !== undefined && hardware[op.where.parent]?.peers === true) {
          made.group = host.bus.readAttribute(op.uuid, 'peer_to_peer_resource_uuid');
        }
        return;
      }
      case 'remove': {
        const device = model.find(op.uuid);
        await this.#run(model.remove(op.uuid), host.removeByHand(op.uuid), () => device === undefined || !model.devices.includes(device));
        return;
      }
      case 'open': {
        const handle = await this.#run(model.open(op.uuid, op.pid), host.holdOpen(op.uuid, { pid: op.pid, comm: `p${op.pid}` }));
        if (handle !== undefined) this.#handles.set(op.uuid, [...(this.#handles.get(op.uuid) ?? []), handle]);
        return;
      }
      case 'close': {
        const handle = this.#handles.get(op.uuid)?.shift();
        if (handle === undefined) return;
        model.close(op.uuid);
        await this.#run('ok', handle.release());
        return;
      }
      case 'claim': {
        const group = model.find(op.uuid)?.group ?? '';
        const claim = await this.#run(model.claim(op.uuid), (async () => host.bus.claim(op.uuid))());
        if (claim !== undefined) this.#claims.push({ group, claim });
        return;
      }
      case 'unclaim': {
        const held = this.#claims.shift();
        held?.claim.release();
        if (held !== undefined) model.claims.delete(held.group);
        return;
      }
      case 'online':
        await this.#run(model.setOnline(op.uuid, op.text), host.bus.setOnline(op.uuid, op.text));
        return;
      case 'peer':
        await this.#run(model.setPeer(op.uuid, op.peer), host.bus.writeAttribute(op.uuid, 'peer_to_peer_resource_uuid', op.peer));
        return;
      case 'unload':
        await this.#run(model.unload(op.parent), host.unloadParent(op.parent), () => !model.leaving.has(op.parent));
        return;
      case 'load':
        await this.#run(model.load(op.parent), host.loadParent(op.parent));
        return;
    }
  }

  /** Lets the host come to rest and compares all that can be seen. */
  async compare(): Promise<void> {
    await settle();
    const { model, host } = this;
    for (const started of this.#started) if (started.expected === 'waits' && started.isDone()) started.expected = 'ok';
    expect(this.#started.map(({ actual }) => actual)).toEqual(this.#started.map(({ expected }) => expected));

    const byUUID = (a: { readonly uuid: string }, b: { readonly uuid: string }): number => (a.uuid < b.uuid ? -1 : 1);
    const devices = host.bus.devices().sort(byUUID);
    model.devices.sort(byUUID);
    const shown = devices.map((device) => ({
      uuid: device.uuid,
      parent: device.parent,
      type: device.typeID,
      state: device.state,
      online: device.online,
      users: device.users.map(({ pid }) => pid),
      claimed: device.claimed,
    }));
    const wanted = model.devices.map((device) => ({
      uuid: device.uuid,
      parent: device.parent,
      type: device.type,
      state: device.state,
      online: hardware[device.parent]?.online === true ? device.online : undefined,
      users: device.opens.slice(0, 1),
      claimed: model.claims.has(device.group),
    }));
    expect(shown).toEqual(wanted);
    expect([...this.#seen].sort()).toEqual(wanted.map((device) => device.uuid).sort());
    expect(devices.map(({ group: mine }) => devices.filter(({ group }) => group === mine).length)).toEqual(
      model.devices.map(({ group: mine }) => model.devices.filter(({ group }) => group === mine).length),
    );

    const parents = host.bus.parents();
    expect(parents.map(({ name }) => name).sort()).toEqual([...model.loaded].sort());
    for (const { name, types: offered, state, waitingFor } of parents) {
      expect(state).toBe(model.leaving.has(name) ? 'leaving' : 'live');
      expect(waitingFor.length).toBe(model.leaving.has(name) ? model.devices.filter((device) => device.parent === name).length : 0);
      for (const type of offered) {
        const label = `${name} ${type.id}`;
        expect([label, type.availableInstances, type.instances]).toEqual([
          label,
          model.available(name, type.id),
          model.instances(name, type.id),
        ]);
        expect(type.reason === undefined).toBe(type.availableInstances > 0);
      }
    }
  }

  /** Notes what an operation answers; gives its value if it has one by now. */
  async #run<Value>(expected: Answer, operation: Promise<Value>, isDone: () => boolean = () => false): Promise<Value | undefined> {
    const started: Started = { expected, actual: 'waits', isDone };
    this.#started.push(started);
    let value: Value | undefined;
    const noting = async (): Promise<void> => {
      value = await operation;
    };
    void answerOf(noting()).then((answer) => {
      started.actual = answer;
    });
    await settle();
    return value;
  }
}

describe('an emulated host', () => {
  it('answers and counts as a naive model does, after every step of any sequence', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 60, size: 'max' }), async (operations) => {
        await using host = await bootHost(profile, { clock: new ManualClock(), report: () => undefined });
        const pair = new Pair(host);
        for (const op of operations) {
          await pair.apply(op);
          await pair.compare();
        }
      }),
      { numRuns: 200 },
    );
  });
});
