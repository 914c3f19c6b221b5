import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from './free-port.ts';
import { operatorCommand } from './operator-command.ts';

/** What /readyz says: its status and its lines. */
export interface Readyz {
  readonly status: number;
  readonly lines: readonly string[];
}

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly level: string; readonly msg: string };

/** How often a condition is looked at, and how long it is waited for, ms. */
const pause = 100;
const patience = 60_000;

/** `mdev-operator ROLE ...` as a process of its own, with its log and its health at hand. */
export class RoleProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #origin: string;
  #text = '';

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#exited = once(child, 'exit');
    this.#origin = `http://127.0.0.1:${port}`;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#text += text));
  }

  /** @param through a program with arguments that gets the role's command as more of them, and does it */
  static async start(role: string, args: readonly string[], through: readonly string[] = []): Promise<RoleProcess> {
    const port = await freePort();
    const [program, ...rest] = [...through, ...operatorCommand(), role, ...args, '--metrics-listen', `127.0.0.1:${port}`];
    return new RoleProcess(spawn(program, rest, { stdio: ['ignore', 'ignore', 'pipe'] }), port);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** All that it has printed to standard error. */
  get log(): string {
    return this.#text;
  }

  /** The lines of its log. Throws on one that is not JSON. */
  get lines(): LogLine[] {
    return this.#text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** Undefined while nobody answers. */
  async readyz(): Promise<Readyz | undefined> {
    try {
      const response = await fetch(`${this.#origin}/readyz`);
      return { status: response.status, lines: (await response.text()).trimEnd().split('\n') };
    } catch {
      return undefined;
    }
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.#origin}/metrics`)).text();
  }

  /** Waits until it is ready. */
  async ready(): Promise<void> {
    await this.until(async () => (await this.readyz())?.status === 200, 'it is ready');
  }

  /** Waits until it is not ready and a line of /readyz is as expected, which is returned. */
  async unready(line: RegExp): Promise<string> {
    let found: string | undefined;
    await this.until(async () => {
      const readyz = await this.readyz();
      found = readyz?.status === 503 ? readyz.lines.find((text) => line.test(text)) : undefined;
      return found !== undefined;
    }, `/readyz says ${line.source}`);
    return found ?? '';
  }

  /** Waits until `met` resolves with true. @throws Error with what /readyz and the log say when that takes too long */
  async until(met: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const deadline = performance.now() + patience;
    while (!(await met())) {
      if (performance.now() > deadline)
        throw new Error(`Waited in vain until ${what}. /readyz: ${JSON.stringify(await this.readyz())}. Log:\n${this.#text}`);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  /** Waits for its end; answers the exit status, or the signal's name. */
  async ended(): Promise<number | string | null> {
    await this.#exited;
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    this.#child.kill(signal);
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGTERM');
  }
}
