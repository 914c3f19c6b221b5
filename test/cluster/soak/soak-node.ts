import { join } from 'node:path';
import { pino } from 'pino';
import { systemClock } from '../../../src/lib/clock.ts';
import { RemoteHostControl } from '../../../src/provider/host/client.ts';
import type { HostState } from '../../../src/provider/host/contract.ts';
import { OperatorProcess } from '../operator-process.ts';
import { stateBehind, type Host } from '../view.ts';

export interface SoakNodeInit {
  readonly name: string;
  readonly directory: string;
  /** The agent's. */
  readonly kubeconfig: string;
  /** A file with the profile of its host. */
  readonly profile: string;
}

/** What the profile has at each boot. */
const atBoot = '0f0f0f0f-0000-4000-8000-000000000001';

/** One node: an emulated kernel and an agent as processes, and the hands of others on the host. */
export class SoakNode {
  readonly name: string;
  readonly dataDir: string;
  readonly emulator: OperatorProcess;
  readonly agent: OperatorProcess;
  readonly #socket: string;
  /** What others have made since boot, with the boot. */
  readonly #foreign = new Map<string, string>();

  constructor({ name, directory, kubeconfig, profile }: SoakNodeInit) {
    this.name = name;
    this.dataDir = join(directory, name);
    this.#socket = join(this.dataDir, 'emulator.sock');
    this.emulator = new OperatorProcess(`${name}-emulator`, directory, ['emulator', '--socket', this.#socket, '--profile', profile]);
    this.agent = new OperatorProcess(`${name}-agent`, directory, [
      ...['agent', '--kubeconfig', kubeconfig, '--node-name', name],
      ...['--emulator', this.#socket, '--data-dir', this.dataDir],
    ]);
  }

  /** Plays others on the host; what the host refuses or cannot answer for lack of life is nothing to anybody. */
  async byHand<T>(act: (control: RemoteHostControl) => Promise<T>): Promise<T | undefined> {
    const control = new RemoteHostControl({ socketPath: this.#socket, clock: systemClock, log: pino({ level: 'silent' }) });
    try {
      return await act(control);
    } catch {
      return undefined;
    } finally {
      control.close();
    }
  }

  async makeForeign(id: string, parent: string, typeID: string, signal: AbortSignal): Promise<void> {
    await this.byHand(async (control) => {
      const { bootID } = await control.state(signal);
      // Known before it is there: it may have been made though the answer is lost.
      this.#foreign.set(id, bootID);
      try {
        await control.foreignCreate({ id, parent, typeID }, signal);
      } catch (error) {
        if (!(await control.state(signal)).devices.some((device) => device.id === id)) this.#foreign.delete(id);
        throw error;
      }
    });
  }

  state(): Promise<HostState> {
    return stateBehind(this.#socket);
  }

  /** As the invariants want it, given the host's state of now. */
  async host(): Promise<Host> {
    const state = await this.state();
    const made = [...this.#foreign].flatMap(([id, bootID]) => (bootID === state.bootID ? id : []));
    return { node: this.name, foreign: new Set([atBoot, ...made]), dataDir: join(this.dataDir, 'agent'), state: () => this.state() };
  }
}
