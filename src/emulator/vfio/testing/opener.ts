import { TestMemory, TestPages, TestTask } from '../../iommu/testing/world.ts';
import type { LimitRefusal, OpenInit } from '../device.ts';
import type { DeviceFile } from '../device-file.ts';

/** What a test gives to `open`, and what it is told. */
export class Opener implements OpenInit {
  readonly attributes = { level: '3' };
  readonly started: (() => Promise<void>)[] = [];
  readonly refusals: LimitRefusal[] = [];
  readonly leftovers: string[] = [];
  pinChanges = 0;

  readonly run = (work: () => Promise<void>): void => {
    this.started.push(work);
  };
  readonly onPins = (): void => {
    this.pinChanges++;
  };
  readonly onLimit = (refusal: LimitRefusal): void => {
    this.refusals.push(refusal);
  };
  readonly onLeftover = (iova: bigint, pages: number): void => {
    this.leftovers.push(`${iova.toString(16)}: ${pages}`);
  };
}

/** A process that maps its memory for a device: the virtual page of an IOVA has the same number. */
export class Mapper {
  readonly task: TestTask;
  readonly pages = new TestPages(1_000_000);

  constructor(limitPages = Infinity) {
    this.task = new TestTask(42, limitPages);
  }

  memory(vaddr: bigint): TestMemory {
    return new TestMemory(this.pages, Number(vaddr >> 12n));
  }

  /** Maps pages readable and writable. */
  map(file: Pick<DeviceFile, 'dma'>, firstPage: number, pages: number): void {
    const iova = BigInt(firstPage) << 12n;
    const size = BigInt(pages) << 12n;
    file.dma.map({ iova, size, vaddr: iova, readable: true, writable: true, task: this.task, memory: this.memory(iova) });
  }
}

/** Page frame numbers from `first` on. */
export function pfns(first: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, place) => first + place);
}
