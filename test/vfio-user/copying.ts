import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A user of a device: a process of its own that has the device copy, and stays connected until it is told to end. */
export class Copying implements AsyncDisposable {
  readonly #child: ChildProcess;
  /** How the copy ended; 0 when it was done. */
  readonly errno: number;

  constructor(child: ChildProcess, errno: number) {
    this.#child = child;
    this.errno = errno;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Disconnects by ending, in order or killed. */
  async end(signal?: 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    if (signal === undefined) this.#child.stdin?.end();
    else this.#child.kill(signal);
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL');
  }
}

/** Copies `pages` pages on the device at a socket, by a process with `prefix` before its command; waits until that is over. */
export async function startCopying(path: string, pages: number, prefix: readonly string[] = []): Promise<Copying> {
  const script = new URL('./copy-main.ts', import.meta.url).pathname;
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', script, path, String(pages)];
  const [program, ...args] = [...prefix, ...node];
  const child = spawn(program ?? process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`The copying process ended with ${String(code)}`))),
  ])) as [string];
  return new Copying(child, Number(line));
}
