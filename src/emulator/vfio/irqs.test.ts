import { describe, expect, it } from 'vitest';
import { answer } from '../iommu/testing/world.ts';
import type { EventTarget } from './event-target.ts';
import { IRQs } from './irqs.ts';
import { Counter, counters, mute } from './testing/counter.ts';
import { eventNumbers, irqSet, set } from './testing/structs.ts';
import { irq, TestModel } from './testing/test-model.ts';

const irqs = (api: TestModel['api'] = 'vfio-pci') => new IRQs(new TestModel({ api }));
const listenTo = (table: IRQs, index: number, targets: readonly EventTarget[], start = 0): void => {
  table.set(irqSet(set.eventfd | set.trigger, index, start, targets.length), targets);
};
const disable = (index: number) => irqSet(set.none | set.trigger, index, 0, 0);

describe('the interrupts of an open device', () => {
  it('signal the event that the user gave for each', () => {
    const table = irqs();
    const [first, second] = counters(2) as [Counter, Counter];
    listenTo(table, irq.msi, [first, second]);
    table.trigger(irq.msi, 1);
    table.trigger(irq.msi, 1);
    expect([first.signals, second.signals]).toEqual([0, 2]);
  });

  it('keep INTx masked from the signal to the unmask, and tell again what is still there', () => {
    const table = irqs();
    const event = new Counter();
    listenTo(table, irq.intx, [event]);
    table.setLine(irq.intx, 0, true);
    table.setLine(irq.intx, 0, false);
    table.setLine(irq.intx, 0, true);
    expect(event.take()).toBe(1);
    table.set(irqSet(set.none | set.unmask, irq.intx, 0, 1), []);
    expect(event.take()).toBe(1);
    table.setLine(irq.intx, 0, false);
    table.set(irqSet(set.bool | set.unmask, irq.intx, 0, 1, [1]), []);
    expect(event.take()).toBe(0);
    table.set(irqSet(set.none | set.mask, irq.intx, 0, 1), []);
    table.setLine(irq.intx, 0, true);
    expect(event.take()).toBe(0);
  });

  it('are unmasked by an event too, of which only the last one counts', () => {
    const table = irqs();
    const [event, before, unmask] = counters(3) as [Counter, Counter, Counter];
    listenTo(table, irq.intx, [event]);
    for (const by of [before, unmask]) table.set(irqSet(set.eventfd | set.unmask, irq.intx, 0, 1), [by]);
    expect([before.closed, unmask.closed]).toEqual([true, false]);
    table.setLine(irq.intx, 0, true);
    before.strike();
    expect(event.take()).toBe(1);
    unmask.strike();
    expect(event.take()).toBe(1);
    table.set(irqSet(set.eventfd | set.unmask, irq.intx, 0, 1, eventNumbers(-1)), []);
    unmask.strike();
    expect([unmask.closed, event.signals]).toEqual([true, 0]);
  });

  it('do by DATA_BOOL only what is chosen', () => {
    const table = irqs();
    const events = counters(3);
    listenTo(table, irq.msix, events);
    table.set(irqSet(set.bool | set.mask, irq.msix, 0, 3, [1, 0, 1]), []);
    for (const subindex of [0, 1, 2]) table.trigger(irq.msix, subindex);
    expect(events.map((event) => event.take())).toEqual([0, 1, 0]);
    table.set(irqSet(set.bool | set.unmask, irq.msix, 0, 3, [0, 0, 1]), []);
    expect(events.map((event) => event.take())).toEqual([0, 0, 1]);
  });

  it('fire from software, even masked and without masking themselves, where somebody listens', () => {
    const table = irqs();
    const event = new Counter();
    listenTo(table, irq.intx, [event]);
    table.set(irqSet(set.none | set.mask, irq.intx, 0, 1), []);
    table.set(irqSet(set.none | set.trigger, irq.intx, 0, 1), []);
    table.set(irqSet(set.bool | set.trigger, irq.intx, 0, 1, [1]), []);
    table.set(irqSet(set.bool | set.trigger, irq.intx, 0, 1, [0]), []);
    expect(event.take()).toBe(2);
    table.set(irqSet(set.eventfd | set.trigger, irq.intx, 0, 1, eventNumbers(-1)), []);
    table.set(irqSet(set.none | set.trigger, irq.intx, 0, 1), []);
    expect(event).toMatchObject({ signals: 0, closed: true });
  });

  it('answer EINVAL until an index is enabled, and after it is disabled as a whole', () => {
    const table = irqs();
    const requests = [
      irqSet(set.none | set.trigger, irq.intx, 0, 1),
      irqSet(set.none | set.mask, irq.intx, 0, 1),
      irqSet(set.bool | set.unmask, irq.intx, 0, 1, [1]),
      disable(irq.intx),
    ];
    const answers = () => requests.map((request) => answer(() => table.set(request, [])));
    expect(answers()).toEqual(['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL']);
    const event = new Counter();
    listenTo(table, irq.intx, [event]);
    expect(answers()).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(event.closed).toBe(true);
    expect(answers()).toEqual(['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL']);
  });

  it('forget the mask of an index that is disabled, but not the level of its line', () => {
    const table = irqs();
    listenTo(table, irq.intx, [new Counter()]);
    table.setLine(irq.intx, 0, true);
    table.set(disable(irq.intx), []);
    const event = new Counter();
    listenTo(table, irq.intx, [event]);
    expect(event.signals).toBe(1);
  });

  it('are enabled without anybody to tell, as VMMs do to set up vectors before they are used', () => {
    const table = irqs();
    table.set(irqSet(set.eventfd | set.trigger, irq.msi, 0, 2, eventNumbers(-1, -1)), []);
    const event = new Counter();
    listenTo(table, irq.msi, [event], 1);
    table.trigger(irq.msi, 0);
    table.trigger(irq.msi, 1);
    expect(event.signals).toBe(1);
  });

  it('grow in an index that may be resized, and do not in one that may not', () => {
    const table = irqs();
    listenTo(table, irq.msi, counters(1));
    const [late, vector] = counters(2) as [Counter, Counter];
    expect(answer(() => listenTo(table, irq.msi, [late], 1))).toBe('EINVAL');
    expect(answer(() => table.set(irqSet(set.none | set.trigger, irq.msi, 1, 1), []))).toBe('EINVAL');
    expect(late.closed).toBe(true);
    table.set(disable(irq.msi), []);
    listenTo(table, irq.msix, counters(1));
    listenTo(table, irq.msix, [vector], 3);
    table.trigger(irq.msix, 3);
    expect(vector.signals).toBe(1);
  });

  it('are of one kind at a time in a PCI device: INTx, MSI or MSI-X, beside which others go', () => {
    const table = irqs();
    listenTo(table, irq.intx, counters(1));
    listenTo(table, irq.request, counters(1));
    expect(answer(() => listenTo(table, irq.msi, counters(1)))).toBe('EINVAL');
    table.set(disable(irq.intx), []);
    expect(answer(() => listenTo(table, irq.msi, counters(1)))).toBe('ok');
    expect(answer(() => listenTo(table, irq.msix, counters(1)))).toBe('EINVAL');
    const channel = irqs('vfio-ccw');
    for (const index of [0, 1, 2]) listenTo(channel, index, counters(1));
  });

  it('answer ENOTTY to a mask and to events that an index does not have', () => {
    const table = irqs();
    listenTo(table, irq.msi, counters(2));
    expect(answer(() => table.set(irqSet(set.none | set.mask, irq.msi, 0, 1), []))).toBe('ENOTTY');
    expect(answer(() => table.set(irqSet(set.none | set.unmask, irq.msi, 0, 1), []))).toBe('ENOTTY');
    table.set(disable(irq.msi), []);
    listenTo(table, irq.intx, counters(1));
    const [masking, deaf] = [new Counter(), mute()];
    expect(answer(() => table.set(irqSet(set.eventfd | set.mask, irq.intx, 0, 1), [masking]))).toBe('ENOTTY');
    expect(answer(() => table.set(irqSet(set.eventfd | set.unmask, irq.intx, 0, 1), [deaf]))).toBe('ENOTTY');
    expect([masking.closed, deaf.closed]).toEqual([true, true]);
    const silent = { count: 1, eventfd: false, maskable: true, automasked: false, noResize: false };
    const event = new Counter();
    expect(answer(() => listenTo(new IRQs({ api: 'vfio-pci', irqs: [silent] }), 0, [event]))).toBe('ENOTTY');
    expect(event.closed).toBe(true);
  });

  it('close what they are given when they refuse it, each once, and change nothing', () => {
    const table = irqs();
    const [kept, a, b] = counters(3) as [Counter, Counter, Counter];
    listenTo(table, irq.intx, [kept]);
    expect(answer(() => table.set(irqSet(set.eventfd | set.trigger, irq.intx, 0, 1), [a, b]))).toBe('EINVAL');
    expect(answer(() => table.set(irqSet(set.none | set.trigger, irq.intx, 0, 0), [new Counter()]))).toBe('EINVAL');
    expect([kept.closed, a.closed, b.closed]).toEqual([false, true, true]);
    table.setLine(irq.intx, 0, true);
    expect(kept.signals).toBe(1);
  });

  it('close an event that another takes the place of', () => {
    const table = irqs();
    const [before, after] = counters(2) as [Counter, Counter];
    listenTo(table, irq.request, [before]);
    listenTo(table, irq.request, [after]);
    table.trigger(irq.request, 0);
    expect([before.closed, after.closed, after.signals]).toEqual([true, false, 1]);
  });

  it('are low after a reset, and still tell the same events', () => {
    const table = irqs();
    const event = new Counter();
    listenTo(table, irq.intx, [event]);
    table.setLine(irq.intx, 0, true);
    table.reset();
    table.set(irqSet(set.none | set.unmask, irq.intx, 0, 1), []);
    expect(event.take()).toBe(1);
    table.setLine(irq.intx, 0, true);
    expect(event.take()).toBe(1);
  });

  it('close all events in the end, those that unmask too', () => {
    const table = irqs();
    const events = counters(5);
    listenTo(table, irq.msix, events.slice(0, 3));
    table.set(irqSet(set.eventfd | set.unmask, irq.msix, 0, 1), events.slice(3, 4));
    listenTo(table, irq.request, events.slice(4));
    table.close();
    expect(events.map(({ closed }) => closed)).toEqual([true, true, true, true, true]);
    events[3]?.strike();
    table.trigger(irq.msix, 0);
  });

  it('are no others than the table says: a model that speaks of more is told', () => {
    const table = irqs();
    for (const [index, subindex] of [
      [irq.intx, 1],
      [irq.error, 0],
      [5, 0],
      [-1, 0],
    ] as const) {
      expect(answer(() => table.setLine(index, subindex, true))).toBe('EINVAL');
      expect(answer(() => table.trigger(index, subindex))).toBe('EINVAL');
    }
  });

  it('about the device itself have no state but who is told: DATA_NONE needs somebody, DATA_BOOL does not (vfio_pci_set_ctx_trigger_single)', () => {
    const table = irqs();
    const none = irqSet(set.none | set.trigger, irq.request, 0, 1);
    const bool = irqSet(set.bool | set.trigger, irq.request, 0, 1, [1]);
    expect(answer(() => table.set(none, []))).toBe('EINVAL');
    expect(answer(() => table.set(disable(irq.request), []))).toBe('EINVAL');
    expect(answer(() => table.set(bool, []))).toBe('ok');
    const event = new Counter();
    listenTo(table, irq.request, [event]);
    table.set(none, []);
    table.set(bool, []);
    expect(event.signals).toBe(2);
    table.set(irqSet(set.eventfd | set.trigger, irq.request, 0, 1, eventNumbers(-1)), []);
    expect(event.closed).toBe(true);
    expect(answer(() => table.set(none, []))).toBe('EINVAL');
  });
});
