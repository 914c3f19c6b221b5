import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programBeside } from '../../../src/lib/program-beside.ts';
import type { Death } from './death-points.ts';
import type { MortalInit } from './mortal-agent-process.ts';

const program = programBeside(import.meta.url, 'mortal-agent-process');
const deathPoints = programBeside(import.meta.url, 'death-points');

/** How long an agent may take to its death, ms. */
const patience = 200_000;

/** An agent on this machine's kernel that is to be killed: its process has been started already, which takes long under emulation. */
export class MortalAgent implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<[number | null, NodeJS.Signals | null]>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  }

  static load(): MortalAgent {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program.pathname], {
      stdio: ['pipe', 'ignore', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: `--import=${deathPoints.href}` },
    });
    return new MortalAgent(child);
  }

  /** Lets it begin, and waits until it was killed. @throws Error when it was not */
  async die(init: MortalInit): Promise<void> {
    this.#child.stdin?.end(`${JSON.stringify(init)}\n`);
    const timer = setTimeout(() => this.#child.kill('SIGTERM'), patience);
    const [code, signal] = await this.#ended;
    clearTimeout(timer);
    if (signal === 'SIGKILL') return;
    const missing = init.deaths.filter((death) => !existsSync(join(death.marks, 'reached'))).map(({ name }) => name);
    throw new Error(`The agent ended (${code ?? signal ?? ''}) before these came to their points: ${missing.join(', ')}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

/** A death with a folder of its own for its marks. */
export function deathOf(device: Pick<Death, 'name' | 'uuid' | 'die'>): Death {
  return { ...device, marks: mkdtempSync(join(tmpdir(), 'marks-')) };
}

/** Lets a writer that is held go on. */
export function release({ marks }: Death): void {
  writeFileSync(join(marks, 'released'), '');
}

/** What writer processes are at whose agent is dead: the first process has them now. */
export function orphanedWriters(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const [command, status] = ['cmdline', 'status'].map((file) => textOf(`/proc/${pid}/${file}`));
      const isOrphan = command?.startsWith('mdev-writer') === true && /^PPid:\t1$/m.test(status ?? '');
      return isOrphan ? command.replace(/\0.*/s, '') : [];
    });
}

/** Empty for a process that went meanwhile. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
