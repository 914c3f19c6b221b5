import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { mdevDeviceSchema, type MdevDevice } from '../../src/api/mdev-device.ts';
import { kubectl, kubectlOk } from './kubectl.ts';
import { operatorCommand, repository } from './operator-command.ts';
import { startStandalone, temporaryDataDir, type StandaloneProcess } from './standalone-process.ts';

/** A standalone operator of a test, and what its user does with kubectl. */
export class Operator implements AsyncDisposable {
  #standalone: StandaloneProcess;
  readonly #args: readonly string[];

  /** @param args what it was started with */
  constructor(standalone: StandaloneProcess, args: readonly string[]) {
    this.#standalone = standalone;
    this.#args = args;
  }

  get kubeconfig(): string {
    return this.#standalone.kubeconfig;
  }

  /** Applies a device and waits until it is Ready. */
  async apply(name: string, spec: object): Promise<MdevDevice> {
    const manifest = { apiVersion: 'mediated.dev/v1alpha1', kind: 'MdevDevice', metadata: { name, namespace: 'default' }, spec };
    await kubectlOk(this.kubeconfig, ['apply', '-f', '-'], { input: JSON.stringify(manifest) });
    await kubectlOk(this.kubeconfig, ['wait', '--for=condition=Ready', '--timeout=20s', `mdev/${name}`]);
    return this.device(name);
  }

  /** Applies a file of examples/ with one device, and waits until it is Ready. */
  async applyExample(file: string, name: string): Promise<MdevDevice> {
    await kubectlOk(this.kubeconfig, ['apply', '-f', new URL(`examples/${file}`, repository).pathname]);
    await kubectlOk(this.kubeconfig, ['wait', '--for=condition=Ready', '--timeout=20s', `mdev/${name}`]);
    return this.device(name);
  }

  async device(name: string): Promise<MdevDevice> {
    return mdevDeviceSchema.parse(JSON.parse(await kubectlOk(this.kubeconfig, ['get', 'mdev', name, '-o', 'json'])));
  }

  /** Whether the object is there. */
  async has(name: string): Promise<boolean> {
    return (await kubectl(this.kubeconfig, ['get', 'mdev', name])).code === 0;
  }

  /** Deletes without waiting for the end of it. */
  async delete(name: string): Promise<void> {
    await kubectlOk(this.kubeconfig, ['delete', 'mdev', name, '--wait=false']);
  }

  /** The Events of a device with this reason. */
  async events(name: string, reason: string): Promise<string[]> {
    const output = await kubectlOk(this.kubeconfig, [
      'get',
      'events',
      '--field-selector',
      `involvedObject.name=${name},reason=${reason}`,
      '-o',
      'json',
    ]);
    return (JSON.parse(output) as { items: { message: string }[] }).items.map(({ message }) => message);
  }

  /** What `mdev-operator qemu` prints for a device. */
  async qemuArgument(name: string): Promise<string> {
    return (await this.cli('qemu', name, '--kubeconfig', this.kubeconfig)).trim();
  }

  /** What a command of the operator's prints. */
  async cli(...args: string[]): Promise<string> {
    const [program = '', ...before] = operatorCommand();
    return (await promisify(execFile)(program, [...before, ...args])).stdout;
  }

  get emulatorSocket(): string {
    return this.#standalone.emulatorSocket;
  }

  /** Kills agent, controller and API server at once, and starts them again; the emulated kernel lives on. */
  async killAndRestart(): Promise<void> {
    await this.#standalone.end('SIGKILL');
    this.#standalone = await startStandalone(this.#standalone.dataDir, this.#args);
  }

  /** Its process runs no more until it is thawed: what happens meanwhile happens before it can do anything about it. */
  freeze(): void {
    this.#standalone.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#standalone.child.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#standalone.end('SIGTERM');
  }
}

/** Starts one on a data directory of its own. `args`: flags for standalone. */
export async function startOperator(args: readonly string[] = []): Promise<Operator> {
  return new Operator(await startStandalone(await temporaryDataDir(), args), args);
}
