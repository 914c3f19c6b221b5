/** The operator as it is installed on a cluster, by kubectl, with the commands of deploy/README.md. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { kubectl, kubectlOk, type KubectlResult } from '../support/kubectl.ts';
import { operatorCommand, repository } from '../support/operator-command.ts';
import type { Role } from './processes.ts';

export interface Device {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly online: boolean };
  readonly status?: { readonly uuid?: string };
}
export interface Parent {
  readonly status?: { readonly devices?: readonly { readonly uuid: string; readonly owner?: { readonly name: string } }[] };
}
export interface Container {
  readonly imageID: string;
  readonly restartCount: number;
  readonly ready: boolean;
  readonly state: { readonly waiting?: { readonly reason: string }; readonly running?: object };
}
export interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly status: { readonly containerStatuses?: readonly Container[] };
}

interface Lease {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly renewTime: string };
}

export const pathOf = (name: string): string => new URL(name, repository).pathname;
export const version = (JSON.parse(readFileSync(pathOf('package.json'), 'utf8')) as { version: string }).version;
const emulatorSocket = '/run/mdev-operator/emulator.sock';

export class Installation {
  readonly #kubeconfig: string;

  constructor(kubeconfig: string) {
    this.#kubeconfig = kubeconfig;
  }

  run(...args: string[]): Promise<string> {
    return kubectlOk(this.#kubeconfig, args, { timeout: 110_000 });
  }

  async create(object: object): Promise<void> {
    await kubectlOk(this.#kubeconfig, ['create', '-f', '-'], { input: JSON.stringify(object) });
  }

  async list<T>(...args: string[]): Promise<T[]> {
    return (JSON.parse(await this.run('get', ...args, '-o', 'json')) as { items: T[] }).items;
  }

  async applyCrds(): Promise<void> {
    await this.run('apply', '--server-side', '-f', pathOf('crds'));
  }

  async applyOverlay(overlay = 'deploy/overlays/emulated'): Promise<void> {
    await this.run('apply', '-k', pathOf(overlay));
  }

  /** Takes agents and controllers away, and leaves the kinds, their objects and the emulated kernel. */
  async deleteOperator(): Promise<void> {
    await this.run('delete', '-k', pathOf('deploy/base'), '--timeout=90s');
  }

  podsOf(role: Role): Promise<Pod[]> {
    return this.list<Pod>('pods', '-n', namespaceOf(role), '-l', `app.kubernetes.io/name=mdev-${role}`);
  }

  /** The only container of the only pod of a role; undefined when there are more or none of either. */
  async containerOf(role: Role): Promise<Container | undefined> {
    const containers = (await this.podsOf(role)).flatMap(({ status }) => status.containerStatuses ?? []);
    return containers.length === 1 ? containers[0] : undefined;
  }

  /** Waits until agents and controllers are as they shall be, and ready. */
  async rollout(): Promise<void> {
    for (const what of ['daemonset/mdev-agent', 'deployment/mdev-controller'])
      await this.run('rollout', 'status', '-n', 'mdev-system', what, '--timeout=90s');
  }

  /** Waits until every device that shall be online is Ready. */
  async devicesReady(): Promise<void> {
    const online = (await this.list<Device>('mdevdevices')).filter(({ spec }) => spec.online);
    const names = online.map(({ metadata }) => `mdevdevice/${metadata.name}`);
    await this.run('wait', '--for=condition=Ready', '--timeout=90s', ...names);
  }

  async uuidsByName(): Promise<Record<string, string | undefined>> {
    return Object.fromEntries((await this.list<Device>('mdevdevices')).map(({ metadata, status }) => [metadata.name, status?.uuid]));
  }

  reasonOf(device: string, condition: string): Promise<string> {
    return this.run('get', 'mdev', device, '-o', `jsonpath={.status.conditions[?(@.type=="${condition}")].reason}`);
  }

  /** When each Lease of the operator was renewed. */
  async leases(): Promise<string[]> {
    const leases = (await this.list<Lease>('leases', '-A')).filter(({ metadata }) => metadata.name.startsWith('mdev-'));
    return leases.map(({ metadata, spec }) => `${metadata.name} ${spec.renewTime}`);
  }

  /** Another command of the program, in the pod of the agent. */
  runInAgent(command: string): Promise<KubectlResult> {
    const program = ['node', '/opt/mdev-operator/dist/main.js', command];
    return kubectl(this.#kubeconfig, ['exec', '-n', 'mdev-system', 'daemonset/mdev-agent', '--', ...program]);
  }

  /** The devices that the parents report, and those of them that have an owner. */
  async reported(): Promise<{ uuids: string[]; owned: string[] }> {
    const devices = (await this.list<Parent>('mdevparents')).flatMap(({ status }) => status?.devices ?? []);
    const sorted = (all: typeof devices): string[] => all.map(({ uuid }) => uuid).sort();
    return { uuids: sorted(devices), owned: sorted(devices.filter(({ owner }) => owner !== undefined)) };
  }

  /** What a person sees who looks for the cause of trouble. */
  async describe(): Promise<string> {
    const looks = ['pods -A -o wide', 'events -A', 'mdev,mdevparents -A'].map((what) => this.run('get', ...what.split(' ')).catch(String));
    return (await Promise.all(looks)).join('\n');
  }
}

/** Plays the other hands on the emulated host, from the node. */
export async function emulate(...args: string[]): Promise<string> {
  const [program = '', ...before] = operatorCommand();
  return (await promisify(execFile)(program, [...before, 'emulate', ...args, '--socket', emulatorSocket])).stdout.trim();
}

/** The devices that the host has, whatever anybody believes. */
export async function devicesOfHost(): Promise<string[]> {
  return (JSON.parse(await emulate('list', '--json')) as { devices: { id: string }[] }).devices.map(({ id }) => id).sort();
}

function namespaceOf(role: Role): string {
  return role === 'emulator' ? 'mdev-emulator' : 'mdev-system';
}
