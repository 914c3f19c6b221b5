import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export interface HoldOptions {
  /** Keep only the device's descriptor open, and neither its group's nor its container's. */
  readonly closeGroup?: boolean;
  /** Map so much of the holder's memory for DMA. */
  readonly mapMebibytes?: number;
}

/** A process that has a device open as a VMM has it. Disposing it ends it, and the device is closed then. */
export class DeviceHolder implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'exit');
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end();
    await this.#ended;
  }
}

/** Opens a device in a process of its own. @throws Error with what the process says when it cannot */
export async function holdDevice(uuid: string, { closeGroup = false, mapMebibytes }: HoldOptions = {}): Promise<DeviceHolder> {
  const map = mapMebibytes === undefined ? [] : ['--map', String(mapMebibytes)];
  const child = spawn('hold-device', [...(closeGroup ? ['--close-group'] : []), ...map, uuid], { stdio: 'pipe' });
  const holder = new DeviceHolder(child);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const held = once(child.stdout, 'data').then(() => true);
  if (await Promise.race([held, once(child, 'close').then(() => false)])) return holder;
  throw new Error(`Cannot hold ${uuid}: ${said.trim()}`);
}
