import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answer } from '../iommu/testing/world.ts';
import { readIRQSet } from './irq-set.ts';
import { irq, TestModel } from './testing/test-model.ts';
import { eventNumbers, irqSet, join, set, struct } from './testing/structs.ts';

const { irqs } = new TestModel();
const read = (request: Uint8Array, targets: readonly string[] = []) => readIRQSet(irqs, request, targets);

describe('VFIO_DEVICE_SET_IRQS', () => {
  it('names interrupts of an index, what to do with them, and with which', () => {
    expect(read(irqSet(set.none | set.unmask, irq.intx, 0, 1))).toEqual({
      index: 0,
      start: 0,
      count: 1,
      action: 'unmask',
      data: { kind: 'none' },
    });
    expect(read(irqSet(set.bool | set.mask, irq.msix, 1, 3, [1, 0, 255]))).toMatchObject({
      start: 1,
      count: 3,
      action: 'mask',
      data: { kind: 'bool', chosen: Uint8Array.of(1, 0, 255) },
    });
    expect(read(irqSet(set.none | set.trigger, irq.msi, 1, 0))).toMatchObject({ count: 0, action: 'trigger' });
  });

  it('keeps its data, whatever becomes of the buffer', () => {
    const request = irqSet(set.bool | set.mask, irq.msix, 0, 2, [1, 1]);
    const { data } = read(request);
    request.fill(0);
    expect(data).toEqual({ kind: 'bool', chosen: Uint8Array.of(1, 1) });
  });

  const targetsOf = (request: Uint8Array, targets: readonly string[]) => {
    const { data } = read(request, targets);
    return data.kind === 'eventfd' ? data.targets : 'none';
  };
  const events = (count: number, ...numbers: readonly number[]) =>
    irqSet(set.eventfd | set.trigger, irq.msix, 0, count, eventNumbers(...numbers));

  it('takes an event for each number that is not -1, which takes one away', () => {
    expect(targetsOf(events(2, 5, 6), ['a', 'b'])).toEqual(['a', 'b']);
    expect(targetsOf(events(2, -1, -1), [])).toEqual([undefined, undefined]);
    expect(targetsOf(events(3, 7, -1, 0), ['a', 'b'])).toEqual(['a', undefined, 'b']);
    for (const targets of [[], ['a'], ['a', 'b', 'c']]) expect(answer(() => read(events(2, 5, 6), targets))).toBe('EINVAL');
    expect(answer(() => read(events(3, 7, 8, 0), ['a', 'b']))).toBe('EINVAL');
    expect(answer(() => read(events(3, -1, -1, 0), ['a', 'b']))).toBe('EINVAL');
  });

  it('needs a number for each event, of which argsz tells: what lies beyond it is no part of the request', () => {
    for (const room of [0, 4, 7])
      expect(answer(() => read(struct(20 + room, set.eventfd | set.trigger, irq.msix, 0, 2), ['a', 'b']))).toBe('EINVAL');
    expect(answer(() => read(struct(20 + 8, set.eventfd | set.trigger, irq.msix, 0, 2), ['a', 'b']))).toBe('EFAULT');
    const beyond = join(struct(20, set.eventfd | set.trigger, irq.msix, 0, 2), eventNumbers(1, -1));
    expect(answer(() => read(beyond, ['a']))).toBe('EINVAL');
  });

  it('agrees with a naive reading of any request', () => {
    const small = fc.oneof({ weight: 12, arbitrary: fc.nat(3) }, fc.nat(6), fc.integer({ min: 0xffff_fff0, max: 0xffff_ffff }));
    const flag = (...values: readonly number[]) => fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...values) }, fc.nat(0xff));
    const request = fc.record({
      argsz: fc.oneof({ weight: 4, arbitrary: fc.nat(24).map((more) => 20 + more) }, fc.nat(40)),
      flags: fc
        .tuple(flag(1, 2, 4), flag(8, 16, 32), fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, fc.constantFrom(64, 0x8000_0000)))
        .map(([a, b, c]) => (a | b | c) >>> 0),
      index: small,
      start: small,
      count: small,
      data: fc.array(fc.oneof(fc.constantFrom(0, 1), fc.nat(255)), { maxLength: 24 }),
      cut: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(44)),
    });
    const targets = fc.oneof(fc.constant([]), fc.array(fc.constant('target'), { maxLength: 4 }));
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(request, targets, ({ argsz, flags, index, start, count, data, cut }, events) => {
        const whole = join(struct(argsz, flags, index, start, count), data);
        const bytes = whole.subarray(0, whole.length - Math.min(cut, whole.length));
        const expected = naiveAnswer(bytes, { argsz, flags, index, start, count, events: events.length });
        expect(answer(() => read(bytes, events))).toBe(expected);
        seen.set(expected, (seen.get(expected) ?? 0) + 1);
      }),
      { numRuns: 5000 },
    );
    // The requests were of all kinds.
    for (const kind of ['ok', 'EINVAL', 'EFAULT']) expect(seen.get(kind)).toBeGreaterThan(100);
  });
});

interface Fields {
  readonly argsz: number;
  readonly flags: number;
  readonly index: number;
  readonly start: number;
  readonly count: number;
  readonly events: number;
}

/** What the header of linux/vfio.h says of a request, rule by rule; the wrong ones are looked for, the rest is right. */
function naiveAnswer(bytes: Uint8Array, { argsz, flags, index, start, count, events }: Fields): string {
  if (bytes.length < 4) return 'EFAULT';
  if (argsz < 20) return 'EINVAL';
  if (bytes.length < 20) return 'EFAULT';
  const bits = (mask: number): number => [1, 2, 4, 8, 16, 32].filter((bit) => (mask & bit) !== 0 && (flags & bit) !== 0).length;
  const there = irqs[index]?.count ?? 0;
  const wanted = Array.from({ length: Math.min(count, 100) }, (_, place) => start + place);
  const wrong = [
    irqs[index] === undefined,
    start >= there,
    wanted.some((place) => place >= there),
    flags >= 64,
    bits(1 + 2 + 4) !== 1,
    bits(8 + 16 + 32) !== 1,
    count === 0 && flags !== 1 + 32,
    (flags & 4) === 0 && events > 0,
    (flags & 2) !== 0 && argsz < 20 + count,
    (flags & 4) !== 0 && argsz < 20 + 4 * count,
  ];
  if (wrong.includes(true)) return 'EINVAL';
  const needed = 20 + ((flags & 2) !== 0 ? count : (flags & 4) !== 0 ? 4 * count : 0);
  if (bytes.length < needed) return 'EFAULT';
  return (flags & 4) !== 0 && !isNamedBy(bytes, argsz, count, events) ? 'EINVAL' : 'ok';
}

/** Whether the request itself names so many events for `count` interrupts. */
function isNamedBy(bytes: Uint8Array, argsz: number, count: number, events: number): boolean {
  if (argsz < 20 + 4 * count || bytes.length < 20 + 4 * count) return false;
  let named = 0;
  for (let place = 0; place < count; place++) if ((bytes[20 + 4 * place + 3] ?? 0) < 128) named++;
  return named === events;
}
