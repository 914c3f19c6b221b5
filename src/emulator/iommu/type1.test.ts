import { beforeEach, describe, expect, it } from 'vitest';
import type { Memory } from './memory.ts';
import { toAddress } from './page.ts';
import type { MapRequest } from './type1.ts';
import { Type1 } from './type1.ts';
import { answer, TestMemory, TestPages, TestTask } from './testing/world.ts';

let task: TestTask;
let pages: TestPages;
let type1: Type1;

beforeEach(() => {
  task = new TestTask(1);
  pages = new TestPages(1000);
  type1 = new Type1();
  type1.attachGroup({ kind: 'local' });
});

function request(start: number, length: number, change: Partial<MapRequest> = {}): MapRequest {
  const memory = new TestMemory(pages, start);
  return { iova: toAddress(start), size: toAddress(length), vaddr: 0n, readable: true, writable: true, task, memory, ...change };
}

function pfns(...numbers: number[]): Float64Array {
  return Float64Array.from(numbers);
}

/** Memory that nothing need be given back to. */
const plainMemory: Memory = {
  pin(page, count, _writable, hostPfns, at) {
    for (let index = 0; index < count; index++) hostPfns[at + index] = page + index + 5000;
    return count;
  },
  pfn: (page) => page + 5000,
  read: () => Promise.resolve(),
  write: () => Promise.resolve(),
};

describe('mapping', () => {
  it.each([
    ['an IOVA that is no page', { iova: 0x10001n }],
    ['a size that is no page', { size: 4095n }],
    ['an address that is no page', { vaddr: 1n }],
    ['nothing', { size: 0n }],
    ['beyond the end of the IOVAs', { iova: 2n ** 64n - 4096n, size: 8192n }],
    ['beyond the end of the addresses', { vaddr: 2n ** 64n - 4096n, size: 8192n }],
    ['with no right', { readable: false, writable: false }],
  ])('refuses %s with EINVAL', (_, change) => {
    expect(answer(() => type1.map(request(16, 4, change)))).toBe('EINVAL');
    expect(type1.mappings).toBe(0);
  });

  it('lets go of the memory with the mapping, and of that which is refused at once', () => {
    const released: string[] = [];
    const memory = (name: string): Memory => ({ ...plainMemory, release: () => released.push(name) });
    type1.map(request(16, 4, { memory: memory('mapped') }));
    expect(answer(() => type1.map(request(17, 1, { memory: memory('refused') })))).toBe('EEXIST');
    expect(released).toEqual(['refused']);
    type1.unmapAll();
    expect(released).toEqual(['refused', 'mapped']);
  });

  it('takes the last page there is, and the whole space at once', () => {
    expect(answer(() => type1.map(request(0, 1, { iova: 2n ** 64n - 4096n, size: 4096n })))).toBe('ok');
    type1.unmapAll();
    expect(answer(() => type1.map(request(0, 1, { iova: 0n, size: 2n ** 64n - 4096n })))).toBe('ok');
    expect(type1.unmap(0n, 2n ** 64n - 4096n)).toBe(2n ** 64n - 4096n);
  });

  it('refuses what overlaps with EEXIST, and one too many with ENOSPC', () => {
    const small = new Type1({ maxMappings: 2 });
    small.map(request(16, 4));
    expect([15, 16, 19].map((start) => answer(() => small.map(request(start, 2))))).toEqual(['EEXIST', 'EEXIST', 'EEXIST']);
    small.map(request(20, 1));
    expect(answer(() => small.map(request(40, 1)))).toBe('ENOSPC');
    small.unmap(toAddress(20), toAddress(1));
    expect(answer(() => small.map(request(40, 1)))).toBe('ok');
  });
});

describe('unmapping', () => {
  it('takes out all mappings in a range, and says how much that was', () => {
    for (const start of [16, 18, 30]) type1.map(request(start, 2));
    expect(type1.unmap(toAddress(10), toAddress(20))).toBe(toAddress(4));
    expect(type1.mappings).toBe(1);
    expect(type1.unmap(toAddress(10), toAddress(10))).toBe(0n);
  });

  it('cuts none in two', () => {
    type1.map(request(16, 4));
    for (const [start, length] of [
      [16, 2],
      [18, 2],
      [17, 1],
      [10, 8],
    ] as const)
      expect(answer(() => type1.unmap(toAddress(start), toAddress(length)))).toBe('EINVAL');
    expect(type1.mappings).toBe(1);
  });

  it('lets a device unpin when it is told, but neither pin nor map anew', () => {
    type1.map(request(16, 4));
    const answers: string[] = [];
    const pinner = type1.addPinner(() => {
      answers.push(answer(() => pinner.pin(pfns(17), 1, false, new Float64Array(1))));
      answers.push(answer(() => type1.map(request(40, 1))));
      answers.push(answer(() => type1.unmapAll()));
      answers.push(answer(() => pinner.unpin(pfns(16), 1)));
    });
    pinner.pin(pfns(16), 1, false, new Float64Array(1));
    type1.unmap(toAddress(16), toAddress(4));
    expect(answers).toEqual(['EINVAL', 'EBUSY', 'EBUSY', 'ok']);
    expect([task.locked.pages, pinner.pages, pages.taken.size]).toEqual([0, 0, 0]);
  });

  it('is done to the end though a device throws, which is thrown then', () => {
    const left: number[] = [];
    type1 = new Type1({ onLeftover: (_, count) => left.push(count) });
    type1.map(request(16, 4));
    const broken = type1.addPinner(() => {
      throw new Error('broken');
    });
    broken.pin(pfns(16, 17), 2, true, new Float64Array(2));
    expect(() => type1.unmap(toAddress(16), toAddress(4))).toThrow('broken');
    expect([type1.mappings, task.locked.pages, broken.pages, left]).toEqual([0, 0, 0, [2]]);
  });
});

describe('pins', () => {
  it('answer the host pages, and are undone as a whole when one is refused', () => {
    type1.map(request(16, 4));
    const pinner = type1.addPinner(() => undefined);
    const host = new Float64Array(3).fill(9);
    expect(answer(() => pinner.pin(pfns(16, 17, 20), 3, true, host))).toBe('EINVAL');
    expect([...host]).toEqual([0, 0, 0]);
    expect([task.locked.pages, pages.taken.size]).toEqual([0, 0]);
    pinner.pin(pfns(19, 16), 2, true, host);
    expect([...host.subarray(0, 2)]).toEqual([pages.pfnOf(19), pages.pfnOf(16)]);
  });

  it('are at most 512 in one call', () => {
    type1.map(request(0, 600));
    const pinner = type1.addPinner(() => undefined);
    const many = Float64Array.from({ length: 513 }, (_, index) => index);
    expect(answer(() => pinner.pin(many, 513, true, new Float64Array(513)))).toBe('E2BIG');
    expect(answer(() => pinner.pin(many, 512, true, new Float64Array(513)))).toBe('ok');
  });

  it('need version 2 of the interface, a device that takes notices, and one that is open', () => {
    const first = new Type1({ v2: false });
    first.map(request(16, 4));
    expect(answer(() => first.addPinner(() => undefined).pin(pfns(16), 1, true, new Float64Array(1)))).toBe('EACCES');
    type1.map(request(16, 4));
    expect(answer(() => type1.addPinner(undefined).pin(pfns(16), 1, true, new Float64Array(1)))).toBe('EINVAL');
    const closed = type1.addPinner(() => undefined);
    closed.release();
    expect(answer(() => closed.pin(pfns(16), 1, true, new Float64Array(1)))).toBe('ENODEV');
  });

  it('tell of a refusal by the limit: whose, how much more, and the limit', () => {
    const refused: unknown[] = [];
    type1 = new Type1({ onLimit: (who, more, limit) => refused.push([who.pid, more, limit]) });
    type1.map(request(16, 8));
    task.limit = 2;
    const pinner = type1.addPinner(() => undefined);
    pinner.pin(pfns(16), 1, true, new Float64Array(1));
    expect(answer(() => pinner.pin(pfns(17, 18, 19), 3, true, new Float64Array(3)))).toBe('ENOMEM');
    expect(refused).toEqual([[1, 2, 8192]]);
    expect(task.locked.pages).toBe(1);
  });

  it('of a task that ends between them are undone as a whole, those of pages held already included', () => {
    for (const plain of [true, false]) {
      const task = new TestTask(7);
      const container = new Type1();
      container.attachGroup({ kind: 'local' });
      const memory = new TestMemory(pages, 0);
      container.map(request(16, 4, { task, memory: plain ? plainMemory : memory }));
      const [first, second] = [container.addPinner(() => undefined), container.addPinner(() => undefined)];
      first.pin(pfns(16), 1, true, new Float64Array(1));
      task.alive = false;
      expect(answer(() => first.pin(pfns(16, 17), 2, true, new Float64Array(2)))).toBe('ENODEV');
      expect(answer(() => second.pin(pfns(16, 17), 2, true, new Float64Array(2)))).toBe('ENODEV');
      expect([first.pages, second.pages, task.locked.pages]).toEqual([1, 0, 1]);
      expect(answer(() => second.unpin(pfns(16), 1))).toBe('EINVAL');
      first.unpin(pfns(16), 1);
      expect([first.pages, task.locked.pages]).toEqual([0, 0]);
    }
  });

  it('can be written where their addresses were', () => {
    type1.map(request(16, 2));
    const pinner = type1.addPinner(() => undefined);
    const both = pfns(16, 40);
    expect(answer(() => pinner.pin(both, 2, true, both))).toBe('EINVAL');
    expect(pinner.pages).toBe(0);
  });

  it('far into a huge mapping have no memory behind them', () => {
    type1.map(request(0, 2 ** 40, { memory: new TestMemory(pages, 0) }));
    const pinner = type1.addPinner(() => undefined);
    expect(answer(() => pinner.pin(pfns(2 ** 31 - 513), 1, true, new Float64Array(1)))).toBe('ok');
    expect(answer(() => pinner.pin(pfns(2 ** 31 - 512), 1, true, new Float64Array(1)))).toBe('EFAULT');
  });
});

it('a container has 65,535 mappings at the most, unless told otherwise', () => {
  const memory = new TestMemory(pages, 0);
  for (let place = 0; place < 65_535; place++) type1.map(request(2 * place, 1, { memory }));
  expect(answer(() => type1.map(request(2 * 65_535, 1, { memory })))).toBe('ENOSPC');
});

it('a container does not end while a device is told of a range that goes', () => {
  type1.map(request(16, 1));
  const ended: string[] = [];
  const pinner = type1.addPinner(() => ended.push(answer(() => type1[Symbol.dispose]())));
  pinner.pin(pfns(16), 1, true, new Float64Array(1));
  type1.unmapAll();
  expect(ended).toEqual(['EBUSY']);
});

describe('access by the device', () => {
  it('reads and writes across mappings that follow each other', async () => {
    type1.map(request(16, 1));
    type1.map(request(17, 2));
    const data = Buffer.from('over the edge');
    await type1.write(toAddress(17) - 4n, data);
    const read = Buffer.alloc(data.length);
    await type1.read(toAddress(17) - 4n, read);
    expect(read.toString()).toBe('over the edge');
    expect(
      Buffer.from(pages.content.get(17) ?? [])
        .subarray(0, 9)
        .toString(),
    ).toBe(' the edge');
  });

  it.each([
    ['what is not mapped', 40, 'EINVAL', true],
    ['what may only be read', 30, 'EPERM', true],
    ['what may only be written', 32, 'EPERM', false],
    ['what is not there', 34, 'EFAULT', true],
  ] as const)('refuses %s', async (_, page, code, write) => {
    type1.map(request(30, 1, { writable: false }));
    type1.map(request(32, 1, { readable: false }));
    type1.map(request(34, 1));
    pages.missing.add(34);
    const access = write ? type1.write(toAddress(page), new Uint8Array(1)) : type1.read(toAddress(page), new Uint8Array(1));
    await expect(access).rejects.toMatchObject({ code });
  });
});

describe('the bitmap of dirty pages', () => {
  it('has a bit for each page that is pinned, and all of them beside a physical domain', () => {
    type1.map(request(16, 70));
    const pinner = type1.addPinner(() => undefined);
    pinner.pin(pfns(16, 25, 85), 3, true, new Float64Array(3));
    const bitmap = type1.dirtyBitmap(toAddress(16), toAddress(70));
    expect(bitmap).toHaveLength(16);
    const bits = [...bitmap].flatMap((byte, index) =>
      [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => (byte >> bit) & 1).map((bit) => index * 8 + bit),
    );
    expect(bits).toEqual([0, 9, 69]);
    type1.attachGroup({ kind: 'physical' });
    expect([...type1.dirtyBitmap(toAddress(16), toAddress(70))].slice(0, 9)).toEqual([255, 255, 255, 255, 255, 255, 255, 255, 63]);
    expect(answer(() => type1.dirtyBitmap(toAddress(17), toAddress(1)))).toBe('EINVAL');
  });
});
