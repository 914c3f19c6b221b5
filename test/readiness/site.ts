/** A cluster with a node and its emulated kernel, on which a test starts agents and controllers as processes and breaks what they stand on. */
import { KubeConfig } from '@kubernetes/client-node';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { findCondition } from '../../src/api/condition.ts';
import { mdevDeviceSchema } from '../../src/api/mdev-device.ts';
import { deviceResource, nodeResource } from '../../src/kube/resource.ts';
import type { Cluster } from '../agent/cluster.ts';
import { startCluster } from '../agent/start-cluster.ts';
import { RoleProcess, type LogLine } from '../support/role-process.ts';

const nodeName = 'node-1';
/** How long a request of a test may take, ms. */
const patience = 30_000;

export class Site implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly folder: string;
  readonly #emulator: RoleProcess;
  readonly #roles: RoleProcess[] = [];

  private constructor(cluster: Cluster, folder: string, emulator: RoleProcess) {
    this.cluster = cluster;
    this.folder = folder;
    this.#emulator = emulator;
  }

  static async prepare(): Promise<Site> {
    const cluster = await startCluster();
    const folder = await mkdtemp(join(tmpdir(), 'mdev-readiness-'));
    await cluster.client.create(nodeResource, { metadata: { name: nodeName } }, {}, AbortSignal.timeout(patience));
    const emulator = await RoleProcess.start('emulator', ['--socket', join(folder, 'emulator.sock')]);
    await emulator.ready();
    return new Site(cluster, folder, emulator);
  }

  get dataDir(): string {
    return join(this.folder, 'data');
  }

  /** @param through as for RoleProcess */
  async agent(kubeconfig = this.cluster.kubeconfig, through: readonly string[] = [], dataDir = this.dataDir): Promise<RoleProcess> {
    const socket = join(this.folder, 'emulator.sock');
    const args = ['--kubeconfig', kubeconfig, '--node-name', nodeName, '--emulator', socket, '--data-dir', dataDir];
    return this.#started(await RoleProcess.start('agent', args, through));
  }

  async controller(kubeconfig = this.cluster.kubeconfig): Promise<RoleProcess> {
    return this.#started(await RoleProcess.start('controller', ['--kubeconfig', kubeconfig]));
  }

  /** A token that the API server takes. */
  async goodToken(): Promise<string> {
    const config = new KubeConfig();
    config.loadFromFile(this.cluster.kubeconfig);
    return config.getCurrentUser()?.token ?? (await readFile(join(this.cluster.dataDir, 'token'), 'utf8')).trim();
  }

  /** A kubeconfig whose user is who a file says, as a pod's is. */
  async kubeconfigWithToken(tokenFile: string): Promise<string> {
    const config = new KubeConfig();
    config.loadFromFile(this.cluster.kubeconfig);
    const { server = '', caData = '', name = '' } = config.getCurrentCluster() ?? {};
    const path = join(this.folder, 'token-kubeconfig');
    const user = { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } };
    const text = stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster: { server, 'certificate-authority-data': caData } }],
      users: [{ name: 'pod', user }],
      contexts: [{ name: 'c', context: { cluster: name, user: 'pod' } }],
      'current-context': 'c',
    });
    await writeFile(path, text, { mode: 0o600 });
    return path;
  }

  async apply(name: string): Promise<void> {
    const spec = { type: { id: 'mtty-1' } };
    await this.cluster.client.create(deviceResource, { metadata: { name }, spec }, { namespace: 'default' }, AbortSignal.timeout(patience));
  }

  /** What a condition of a device says, as `status reason`. */
  async condition(name: string, type: string): Promise<string | undefined> {
    const object = await this.cluster.client.get(deviceResource, { namespace: 'default', name }, AbortSignal.timeout(patience));
    const condition = object === undefined ? undefined : findCondition(mdevDeviceSchema.parse(object).status?.conditions, type);
    return condition && `${condition.status} ${condition.reason}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const role of [...this.#roles.toReversed(), this.#emulator]) await role.end('SIGTERM');
    await rm(this.folder, { recursive: true, force: true });
    await this.cluster[Symbol.asyncDispose]();
  }

  #started(role: RoleProcess): RoleProcess {
    this.#roles.push(role);
    return role;
  }
}

/** The lines that tell of trouble. */
export function troubles(role: RoleProcess): LogLine[] {
  return role.lines.filter(({ level }) => ['warn', 'error', 'fatal'].includes(level));
}

/** Whether a line can be read: one line of a sane length, with what to do, and no stack. */
export function isReadable(line: LogLine): boolean {
  const text = JSON.stringify(line);
  return text.length < 1000 && !text.includes('\\n') && !text.includes('"stack"') && String(line['advice'] ?? '').endsWith('.');
}
