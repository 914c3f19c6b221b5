/** One process of the operator, as `mdev-operator ROLE ...` starts it, which a test kills, freezes and starts again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { operatorCommand } from '../support/operator-command.ts';

export class OperatorProcess {
  readonly name: string;
  readonly logFile: string;
  readonly #args: readonly string[];
  readonly #directory: string;
  #running: { readonly child: ChildProcess; readonly exited: Promise<unknown> } | undefined;

  /** @param name of its log file in `directory`, where it also runs */
  constructor(name: string, directory: string, args: readonly string[]) {
    this.name = name;
    this.logFile = join(directory, `${name}.log`);
    this.#args = args;
    this.#directory = directory;
  }

  start(): void {
    const [program = '', ...before] = operatorCommand();
    const log = openSync(this.logFile, 'a');
    const child = spawn(program, [...before, ...this.#args], { stdio: ['ignore', log, log], cwd: this.#directory });
    closeSync(log);
    this.#running = { child, exited: once(child, 'exit') };
  }

  /** Sends the signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    running?.child.kill(signal);
    // One that is frozen hears of nothing but SIGKILL.
    running?.child.kill('SIGCONT');
    await running?.exited;
  }

  /** It runs no more until it is thawed; what happens meanwhile waits for it in its sockets. */
  freeze(): void {
    this.#running?.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#running?.child.kill('SIGCONT');
  }

  get runs(): boolean {
    return this.#running !== undefined;
  }

  /** It was not told to end, but has. */
  get lost(): boolean {
    return this.#running !== undefined && (this.#running.child.exitCode !== null || this.#running.child.signalCode !== null);
  }

  log(): string {
    return readFileSync(this.logFile, 'utf8');
  }
}
