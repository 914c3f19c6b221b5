/** One process of a control plane, which a test can kill, freeze and bring back on the same ports and data. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

// Becomes a command that gets SIGTERM when standard input ends: by `stop`, or because the test run has died. It is no child of the shell's:
// whoever sees the shell's end would not know whether the command has let go of its port yet.
const tied = 'exec 3<&0; (read -r _ <&3; kill $$) >/dev/null 2>&1 & exec "$@" 3<&- </dev/null';

export interface PartInit {
  /** Where it runs, and where its log NAME.log is. */
  readonly directory: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Rejects as long as the process cannot be used. */
  readonly probe: () => Promise<unknown>;
  /** Milliseconds to wait for that. */
  readonly readyTimeout: number;
}

export class Part {
  readonly name: string;
  readonly #init: PartInit;
  #child: ChildProcess | undefined;
  #gone: Promise<string> = Promise.resolve('was not started');
  #exit: string | undefined;

  constructor(init: PartInit) {
    this.#init = init;
    this.name = init.command.slice(init.command.lastIndexOf('/') + 1);
  }

  /**
   * Starts it, for the first time or again, and waits until it can be used.
   * @throws Error with the end of its log when it ends or is not ready in time
   */
  async start(): Promise<void> {
    const { directory, command, args, readyTimeout, probe } = this.#init;
    const log = openSync(this.#logFile, 'a');
    // A group of its own, for the kill below.
    const child = spawn('sh', ['-c', tied, 'sh', command, ...args], { cwd: directory, stdio: ['pipe', log, log], detached: true });
    closeSync(log);
    this.#child = child;
    this.#exit = undefined;
    this.#gone = Promise.race([
      once(child, 'exit').then(([code, signal]) => `ended with ${String(signal ?? code)}`),
      once(child, 'error').then(([error]) => String(error)),
    ]).then((exit) => {
      // What waits for the end of standard input is no longer needed.
      child.stdin?.destroy();
      return (this.#exit = exit);
    });
    await this.#until(probe, readyTimeout);
  }

  /** kill -9, and waits for the end. */
  async kill(): Promise<void> {
    this.#signal('SIGKILL');
    await this.#gone;
  }

  /** It runs no more until it is thawed: connections stay and nothing answers. */
  freeze(): void {
    this.#signal('SIGSTOP');
  }

  thaw(): void {
    this.#signal('SIGCONT');
  }

  /** Ends it; at once if it takes its time: kube-apiserver waits for open watches, and nothing here is worth waiting for. */
  async stop(): Promise<void> {
    this.#child?.stdin?.end();
    const killer = setTimeout(() => this.#signal('SIGKILL'), 3000);
    await this.#gone;
    clearTimeout(killer);
  }

  get #logFile(): string {
    return join(this.#init.directory, `${this.name}.log`);
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#child?.pid !== undefined && this.#exit === undefined) process.kill(-this.#child.pid, signal);
  }

  /** Repeats the probe until it succeeds, the process is gone or `timeout` milliseconds are over. */
  async #until(probe: () => Promise<unknown>, timeout: number): Promise<void> {
    const deadline = Date.now() + timeout;
    for (;;) {
      try {
        await probe();
        return;
      } catch (cause) {
        if (this.#exit === undefined && Date.now() < deadline) {
          await sleep(100);
          continue;
        }
        const end = (await readFile(this.#logFile, 'utf8')).split('\n').slice(-15).join('\n');
        throw new Error(`${this.name} did not become ready: ${this.#exit ?? 'time is over'}\n${end}`, { cause });
      }
    }
  }
}
