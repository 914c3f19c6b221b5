import { join } from 'node:path';
import type { LineSocket } from './line-socket.ts';
import { lineSocket } from './line-socket.ts';
import { guestFiles } from './programs.ts';
import { startQemu, type QemuProcess } from './qemu-process.ts';

/** A booted Linux, and the shell on its console. */
export class Guest implements AsyncDisposable {
  readonly qemu: QemuProcess;
  readonly #console: LineSocket;
  #commands = 0;

  constructor(qemu: QemuProcess, console: LineSocket) {
    this.qemu = qemu;
    this.#console = console;
  }

  /** Runs a command in the guest's shell and answers what it prints. @throws Error when it fails, or takes longer than `timeout` ms */
  async run(command: string, timeout = 60_000): Promise<string> {
    const mark = `END-${++this.#commands}`;
    await this.#console.write(`${command}; echo "${mark.slice(0, 3)}""${mark.slice(3)}=$?"\n`);
    const [whole, status] = await this.#console.take(new RegExp(`[^]*?${mark}=(\\d+)\\n`), timeout);
    const output = whole.slice(0, whole.lastIndexOf(mark)).trim();
    if (status !== '0') throw new Error(`In the guest, ${command} ended with ${status ?? '?'}: ${output}`);
    return output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#console[Symbol.dispose]();
    await this.qemu[Symbol.asyncDispose]();
  }
}

/** Boots the guest under software emulation, with what is pasted besides. */
export async function bootGuest(program: string, pasted: string): Promise<Guest> {
  const { kernel, initrd } = guestFiles();
  let listening: Promise<LineSocket> | undefined;
  const qemu = await startQemu({
    program,
    pasted,
    args: (folder) => {
      const path = join(folder, 'console');
      listening = lineSocket(path);
      const memory = ['-object', 'memory-backend-memfd,id=ram,size=256M,share=on', '-m', '256M'];
      const machine = ['-machine', 'q35,accel=tcg,memory-backend=ram', ...memory];
      const console = ['-chardev', `socket,id=console,path=${path}`, '-serial', 'chardev:console'];
      return [...machine, ...console, '-kernel', kernel, '-initrd', initrd, '-append', 'console=ttyS0 quiet panic=-1', '-no-reboot'];
    },
  });
  const console = await listening;
  if (console === undefined) throw new Error('QEMU was given no console');
  await Promise.race([
    console.take(/GUEST-IS-UP\n/, 120_000),
    qemu.ended.then(() => Promise.reject(new Error(`QEMU ended before the guest was up: ${qemu.errors}\n${console.text.slice(-2000)}`))),
  ]);
  return new Guest(qemu, console);
}
