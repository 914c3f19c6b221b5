import type { Memory } from '../src/emulator/iommu/memory.ts';
import type { Pinner } from '../src/emulator/iommu/pinner.ts';
import type { Task } from '../src/emulator/iommu/task.ts';
import { Type1 } from '../src/emulator/iommu/type1.ts';

/** Memory as the vfio-user server has it: nothing is held by taking a page. */
class Ram implements Memory {
  pin(page: number, count: number, _writable: boolean, pfns: Float64Array, at: number): number {
    const first = this.pfn(page);
    for (let index = 0; index < count; index++) pfns[at + index] = first + index;
    return count;
  }

  pfn(page: number): number {
    return 4096 + page;
  }

  async read(): Promise<void> {
    throw new Error('nobody reads here');
  }

  async write(): Promise<void> {
    throw new Error('nobody writes here');
  }
}

/** A process that may lock this many pages. */
export function memlocked(limit: number): Task {
  return { pid: 1, comm: 'bench', locked: { pages: 0 }, memlockLimit: () => limit * 4096, hasIPCLock: () => false };
}

/** A device in a container where so many pages are mapped, from page frame `first` on. */
export function mapped(task: Task, first: number, pages: number): Pinner {
  const type1 = new Type1();
  type1.attachGroup({ kind: 'local' });
  const [iova, size] = [BigInt(first) << 12n, BigInt(pages) << 12n];
  type1.map({ iova, size, vaddr: 0n, readable: true, writable: true, task, memory: new Ram() });
  return type1.addPinner(() => undefined);
}
