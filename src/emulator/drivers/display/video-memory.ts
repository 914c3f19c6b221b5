import type { ModelServices, SharedMemory } from '../../vfio/model.ts';

/**
 * The memory behind an aperture BAR, made when it is first touched. It goes with its user: the next one finds zeroes, and never what
 * another virtual machine has drawn. A reset leaves it as it is, as video memory does.
 */
export class VideoMemory {
  /** Bytes, the size of the BAR. */
  readonly size: number;
  readonly #services: Pick<ModelServices, 'sharedMemory'>;
  #memory: SharedMemory | undefined;

  constructor(size: number, services: Pick<ModelServices, 'sharedMemory'>) {
    this.size = size;
    this.#services = services;
  }

  /** What a user maps. @throws ErrnoError ENOMEM */
  memory(): SharedMemory {
    this.#memory ??= this.#services.sharedMemory(this.size);
    return this.#memory;
  }

  /** @throws ErrnoError ENOMEM */
  read(offset: number, into: Uint8Array): void {
    if (into.length > 0) this.memory().read(offset, into);
  }

  /** @throws ErrnoError ENOMEM */
  write(offset: number, from: Uint8Array): void {
    if (from.length > 0) this.memory().write(offset, from);
  }

  /** Nobody has it mapped any more. */
  drop(): void {
    const memory = this.#memory;
    this.#memory = undefined;
    memory?.close();
  }
}
