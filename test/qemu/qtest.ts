import { join } from 'node:path';
import type { LineSocket } from './line-socket.ts';
import { lineSocket } from './line-socket.ts';
import { startQemu, type QemuProcess } from './qemu-process.ts';

const patience = 20_000;

export interface QtestInit {
  readonly program: string;
  readonly pasted?: string;
  readonly args?: readonly string[];
  readonly prefix?: readonly string[];
  /** Whether the guest's memory is a file that devices can map. */
  readonly shared: boolean;
}

/**
 * A QEMU without a guest system: the test itself is the processor (QEMU's docs/devel/testing/qtest.rst). Numbers of memory and I/O ports
 * go through the machine's own buses, to a real vfio-user client.
 */
export class Qtest implements AsyncDisposable {
  readonly qemu: QemuProcess;
  readonly #socket: LineSocket;
  /** The interrupts that were told, such as `raise 20`, in order. */
  readonly interrupts: string[] = [];

  constructor(qemu: QemuProcess, socket: LineSocket) {
    this.qemu = qemu;
    this.#socket = socket;
  }

  /** Gives a command and answers what follows its OK. */
  async command(...words: readonly (string | number | bigint)[]): Promise<string> {
    await this.#socket.write(`${words.map((word) => (typeof word === 'string' ? word : `0x${word.toString(16)}`)).join(' ')}\n`);
    for (;;) {
      const [, line = ''] = await this.#socket.take(/^(.*)\n/, patience);
      if (line.startsWith('IRQ ')) this.interrupts.push(line.slice(4));
      else if (line.startsWith('OK')) return line.slice(3);
      else throw new Error(`qtest answered ${JSON.stringify(line)} to ${words.join(' ')}`);
    }
  }

  async readWord(address: number): Promise<number> {
    return Number(await this.command('readl', address));
  }

  async writeWord(address: number, value: number): Promise<void> {
    await this.command('writel', address, value);
  }

  async readMemory(address: number, length: number): Promise<Buffer> {
    return Buffer.from((await this.command('read', address, length)).slice(2), 'hex');
  }

  async writeMemory(address: number, bytes: Uint8Array): Promise<void> {
    await this.command('write', address, bytes.length, `0x${Buffer.from(bytes).toString('hex')}`);
  }

  /** Waits until an interrupt is told that none was before. */
  async interrupt(told: string): Promise<void> {
    const deadline = performance.now() + patience;
    while (!this.interrupts.includes(told)) {
      // Any command brings what was told meanwhile.
      await this.command('clock_step', 1000);
      if (performance.now() > deadline) throw new Error(`No interrupt ${told}; there were ${this.interrupts.join(', ')}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket[Symbol.dispose]();
    await this.qemu[Symbol.asyncDispose]();
  }
}

/** Starts a QEMU with a test for its processor, 256 MiB of memory, and what else is asked for. */
export async function startQtest({ program, pasted, args = [], prefix, shared }: QtestInit): Promise<Qtest> {
  const backend = shared ? 'memory-backend-memfd,id=ram,size=256M,share=on' : 'memory-backend-ram,id=ram,size=256M';
  let listening: Promise<LineSocket> | undefined;
  const qemu = await startQemu({
    program,
    ...(pasted !== undefined && { pasted }),
    ...(prefix !== undefined && { prefix }),
    args: (folder) => {
      const path = join(folder, 'qtest');
      listening = lineSocket(path);
      const machine = ['-machine', 'q35,accel=qtest,memory-backend=ram', '-object', backend, '-m', '256M'];
      return [...machine, '-qtest', `unix:${path}`, '-qtest-log', 'none', ...args];
    },
  });
  const socket = await listening;
  if (socket === undefined) throw new Error('QEMU was given no qtest socket');
  const qtest = new Qtest(qemu, socket);
  await Promise.race([
    qtest.command('irq_intercept_in', 'ioapic'),
    qemu.ended.then(() => Promise.reject(new Error(`QEMU ended at its start: ${qemu.errors}`))),
  ]);
  return qtest;
}
