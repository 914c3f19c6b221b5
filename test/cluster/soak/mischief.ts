/** What happens to a site in a soak, at random. Whatever is taken away comes back, by itself or at the end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeResource, parentResource } from '../../../src/kube/resource.ts';
import type { Role } from './cast.ts';
import { compactEtcd } from '../etcd.ts';
import type { OperatorProcess } from '../operator-process.ts';
import type { Intents } from './intents.ts';
import type { Site } from './site.ts';
import type { SoakNode } from './soak-node.ts';
import type { Witness } from './witness.ts';

export interface MischiefInit {
  readonly site: Site;
  readonly intents: Intents;
  readonly witness: Witness;
  readonly roles: readonly Role[];
  readonly random: () => number;
  /** Told what is done. */
  readonly note: (text: string) => void;
}

interface Deed {
  readonly name: string;
  /** How often, beside the others. */
  readonly weight: number;
  /** Draws all its random numbers before anything is awaited; answers what is done, in words. */
  readonly act: () => string;
}

export class Mischief {
  readonly #init: MischiefInit;
  readonly #deeds: readonly Deed[];
  /** Deeds and their undoing that are under way. */
  readonly #open = new Set<Promise<void>>();
  /** Processes and parts that somebody plays with, which nobody else does meanwhile. */
  readonly #busy = new Set<unknown>();
  #ending = false;

  constructor(init: MischiefInit) {
    this.#init = init;
    const { site } = init;
    const { apiServer, etcd } = site.controlPlane;
    const agents = site.nodes.map(({ agent }) => agent);
    this.#deeds = [
      { name: 'apply', weight: 12, act: () => this.#some(1 + this.#whole(15), (role) => init.intents.apply(role)) },
      { name: 'delete', weight: 10, act: () => this.#some(1 + this.#whole(8), (role) => init.intents.remove(role)) },
      { name: 'make anew', weight: 4, act: () => this.#some(1 + this.#whole(4), (role) => this.#makeAnew(role)) },
      { name: 'kill agent', weight: 4, act: () => this.#kill(this.#one(agents), 2000) },
      { name: 'kill controller', weight: 4, act: () => this.#kill(this.#one(site.controllers), 4000) },
      { name: 'freeze agent', weight: 2, act: () => this.#freeze(this.#one(agents), 8000) },
      { name: 'freeze controller', weight: 3, act: () => this.#freeze(this.#one(site.controllers), 25_000) },
      { name: 'reboot', weight: 3, act: () => this.#kill(this.#one(site.nodes).emulator, 3000) },
      { name: 'kill API server', weight: 1, act: () => this.#killPart(apiServer, 3000) },
      { name: 'freeze API server', weight: 2, act: () => this.#freeze(apiServer, 6000) },
      { name: 'kill etcd', weight: 1, act: () => this.#killPart(etcd, 2000) },
      { name: 'compact', weight: 2, act: () => this.#in('', () => compactEtcd(site.controlPlane.etcdURL)) },
      { name: 'remove by hand', weight: 4, act: () => this.#removeByHand(this.#one(site.nodes), this.#init.random()) },
      { name: 'make a foreign device', weight: 3, act: () => this.#makeForeign(this.#one(site.nodes)) },
      { name: 'hold a device', weight: 4, act: () => this.#hold(this.#one(site.nodes), this.#init.random(), this.#whole(10_000)) },
      { name: 'unload', weight: 1, act: () => this.#unload(this.#one(site.nodes), this.#one(['mtty', '0000:00:02.0']), this.#whole(4000)) },
      { name: 'cordon', weight: 1, act: () => this.#cordon(this.#one(site.nodes), this.#whole(8000)) },
      { name: 'close a parent', weight: 1, act: () => this.#closeParent(this.#init.random(), this.#whole(8000)) },
    ];
  }

  /** Does one thing, and does not wait for it. */
  strike(): void {
    let left = this.#init.random() * this.#deeds.reduce((sum, { weight }) => sum + weight, 0);
    const deed = this.#deeds.find(({ weight }) => (left -= weight) < 0);
    if (deed !== undefined) this.#init.note(`${deed.name} ${deed.act()}`);
  }

  /** Undoes at once what is to be undone, and waits for it. */
  async end(): Promise<void> {
    this.#ending = true;
    while (this.#open.size > 0) await Promise.all(this.#open);
  }

  #whole(below: number): number {
    return Math.floor(this.#init.random() * below);
  }

  #one<T>(of: readonly T[]): T {
    return of[this.#whole(of.length)] as T;
  }

  async #pause(time: number): Promise<void> {
    const until = Date.now() + time;
    while (!this.#ending && Date.now() < until) await sleep(100);
  }

  /** Begins `act`, which may fail: the API server is away, a device is gone. */
  #in(what: string, act: () => Promise<unknown>): string {
    const doing: Promise<void> = act()
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => this.#open.delete(doing));
    this.#open.add(doing);
    return what;
  }

  #alone(victim: unknown, what: string, act: () => Promise<unknown>): string {
    if (this.#busy.has(victim)) return `${what}: not now`;
    this.#busy.add(victim);
    return this.#in(what, () => act().finally(() => this.#busy.delete(victim)));
  }

  #some(count: number, act: (role: Role) => Promise<void>): string {
    const roles = Array.from({ length: count }, () => this.#one(this.#init.roles));
    return this.#in(roles.map(({ name }) => name).join(' '), () => Promise.allSettled(roles.map(act)));
  }

  async #makeAnew(role: Role): Promise<void> {
    await this.#init.intents.remove(role);
    await this.#init.intents.apply(role);
  }

  #kill(victim: OperatorProcess, longest: number): string {
    const time = this.#whole(longest);
    return this.#alone(victim, `${victim.name} for ${time} ms`, async () => {
      await victim.end('SIGKILL');
      await this.#pause(time);
      victim.start();
    });
  }

  #killPart(victim: { readonly name: string; kill(): Promise<void>; start(): Promise<void> }, longest: number): string {
    const time = this.#whole(longest);
    return this.#alone(victim, `for ${time} ms`, async () => {
      await victim.kill();
      await this.#pause(time);
      await victim.start();
    });
  }

  #freeze(victim: { readonly name: string; freeze(): void; thaw(): void }, longest: number): string {
    const time = this.#whole(longest);
    return this.#alone(victim, `${victim.name} for ${time} ms`, async () => {
      victim.freeze();
      await this.#pause(time);
      victim.thaw();
    });
  }

  #removeByHand(node: SoakNode, which: number): string {
    return this.#in(`on ${node.name}`, () =>
      node.byHand(async (control) => {
        const signal = AbortSignal.timeout(2000);
        const { devices } = await control.state(signal);
        const victim = devices.filter(({ parent }) => parent !== 'shared')[Math.floor(which * devices.length)];
        if (victim === undefined) return;
        this.#init.witness.excuse(node.name, victim.id);
        await control.removeByHand(victim.id, signal);
      }),
    );
  }

  #makeForeign(node: SoakNode): string {
    const id = `f0000000-0000-4000-8000-${String(this.#whole(1e12)).padStart(12, '0')}`;
    return this.#in(`on ${node.name}`, () => node.makeForeign(id, 'shared', 'mtty-1', AbortSignal.timeout(2000)));
  }

  #hold(node: SoakNode, which: number, time: number): string {
    return this.#in(`on ${node.name} for ${time} ms`, () =>
      node.byHand(async (control) => {
        const signal = AbortSignal.timeout(2000);
        const { devices } = await control.state(signal);
        const chosen = devices[Math.floor(which * devices.length)];
        if (chosen === undefined) return;
        await using _hold = await control.holdOpen(chosen.id, { pid: process.pid, comm: 'soak' }, signal);
        await this.#pause(time);
      }),
    );
  }

  #unload(node: SoakNode, parent: string, time: number): string {
    return this.#alone(`${node.name} ${parent}`, `${parent} of ${node.name} for ${time} ms`, async () => {
      this.#init.witness.excuseParent(node.name, parent);
      // Waits for those who have its devices open, which may take long.
      await node.byHand((control) => control.unloadParent(parent, AbortSignal.timeout(15_000)));
      await this.#pause(time);
      await this.load(node, parent);
      this.#init.witness.excuseParent(node.name, parent, false);
    });
  }

  /** Loads a parent; does nothing if it is loaded, or its node is down: it has it when it boots. */
  async load(node: SoakNode, parent: string): Promise<void> {
    await node.byHand((control) => control.loadParent(parent, AbortSignal.timeout(15_000)));
  }

  #cordon(node: SoakNode, time: number): string {
    return this.#alone(`cordon ${node.name}`, `${node.name} for ${time} ms`, async () => {
      await this.#setUnschedulable(nodeResource, node.name, true);
      await this.#pause(time);
    });
  }

  #closeParent(which: number, time: number): string {
    return this.#alone('parents', `for ${time} ms`, async () => {
      const { items } = await this.#init.site.client.list(parentResource, {}, AbortSignal.timeout(3000));
      const name = (items[Math.floor(which * items.length)] as { metadata: { name: string } }).metadata.name;
      await this.#setUnschedulable(parentResource, name, true);
      await this.#pause(time);
    });
  }

  /** Opens all nodes and parents again, until the API server has said that they are. */
  async openAll(): Promise<void> {
    const signal = AbortSignal.timeout(30_000);
    for (const resource of [nodeResource, parentResource]) {
      const { items } = await this.#init.site.client.list(resource, {}, signal);
      for (const item of items as { metadata: { name: string }; spec?: { unschedulable?: boolean } }[])
        if (item.spec?.unschedulable === true) await this.#setUnschedulable(resource, item.metadata.name, false);
    }
  }

  async #setUnschedulable(resource: typeof nodeResource, name: string, unschedulable: boolean): Promise<void> {
    const { client } = this.#init.site;
    await client.patch(resource, { name }, 'merge', { spec: { unschedulable } }, { fieldManager: 'soak' }, AbortSignal.timeout(3000));
  }
}
