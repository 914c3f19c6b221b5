import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IRQLine } from './irq-line.ts';

function listened(automasked: boolean): IRQLine {
  const line = new IRQLine(automasked);
  line.listen();
  return line;
}

describe('a level-triggered interrupt that masks itself', () => {
  it('signals when its line rises, and not again before it is unmasked', () => {
    const line = listened(true);
    expect(line.setLevel(true)).toBe(true);
    expect(line.setLevel(true)).toBe(false);
    expect(line.setLevel(false)).toBe(false);
    expect(line.setLevel(true)).toBe(false);
  });

  it('signals again at each unmask for as long as the line is high', () => {
    const line = listened(true);
    line.setLevel(true);
    expect([line.unmask(), line.unmask()]).toEqual([true, true]);
    line.setLevel(false);
    expect(line.unmask()).toBe(false);
    expect(line.setLevel(true)).toBe(true);
  });

  it('does nothing at an unmask of what is not masked', () => {
    const line = listened(true);
    expect(line.unmask()).toBe(false);
    expect(line.setLevel(true)).toBe(true);
  });

  it('waits behind a mask that the user has set', () => {
    const line = listened(true);
    line.mask();
    expect(line.setLevel(true)).toBe(false);
    expect(line.unmask()).toBe(true);
  });

  it('tells whoever begins to listen while the line is high, unless it was told and has not unmasked', () => {
    const line = new IRQLine(true);
    expect(line.setLevel(true)).toBe(false);
    expect(line.listen()).toBe(true);
    expect(line.listen()).toBe(false);
    expect(line.unmask()).toBe(true);
  });

  it('keeps its mask while nobody listens, and loses it when it is disabled', () => {
    const line = listened(true);
    line.setLevel(true);
    line.ignore();
    expect(line.listen()).toBe(false);
    line.disable();
    expect(line.listen()).toBe(true);
  });

  it('is low after a reset, masked as before', () => {
    const line = listened(true);
    line.setLevel(true);
    line.reset();
    expect(line.unmask()).toBe(false);
    expect(line.setLevel(true)).toBe(true);
    line.reset();
    expect(line.setLevel(true)).toBe(false);
  });
});

describe('an interrupt that does not mask itself', () => {
  it('signals at each rise and each edge', () => {
    const line = listened(false);
    expect([line.setLevel(true), line.setLevel(false), line.setLevel(true)]).toEqual([true, false, true]);
    expect([line.edge(), line.edge()]).toEqual([true, true]);
  });

  it('keeps edges that come while it is masked, as one', () => {
    const line = listened(false);
    line.mask();
    expect([line.edge(), line.edge()]).toEqual([false, false]);
    expect(line.unmask()).toBe(true);
    line.mask();
    expect(line.unmask()).toBe(false);
  });

  it('loses edges that come while nobody listens', () => {
    const line = new IRQLine(false);
    expect(line.edge()).toBe(false);
    expect(line.listen()).toBe(false);
    line.mask();
    line.ignore();
    line.edge();
    line.listen();
    expect(line.unmask()).toBe(false);
  });

  it('forgets a kept edge when nobody listens any more, when disabled, and at a reset', () => {
    for (const forget of ['ignore', 'disable', 'reset'] as const) {
      const line = listened(false);
      line.mask();
      line.edge();
      line[forget]();
      line.listen();
      line.mask();
      expect(line.unmask()).toBe(false);
    }
  });
});

type Step = 'rise' | 'fall' | 'edge' | 'mask' | 'unmask' | 'listen' | 'ignore' | 'disable' | 'reset';

describe('any sequence of what device and user do', () => {
  it('signals as a naive reading of the history says', () => {
    const step = fc.constantFrom<Step>('rise', 'fall', 'edge', 'mask', 'unmask', 'listen', 'ignore', 'disable', 'reset');
    fc.assert(
      fc.property(fc.boolean(), fc.array(step, { maxLength: 40 }), (automasked, steps) => {
        const line = new IRQLine(automasked);
        const given = steps.map((name) => perform(line, name));
        const signals: boolean[] = [];
        for (let length = 1; length <= steps.length; length++) signals.push(naiveSignal(steps.slice(0, length), automasked, signals));
        expect(given).toEqual(signals);
      }),
      { numRuns: 1000 },
    );
  });
});

function perform(line: IRQLine, step: Step): boolean {
  switch (step) {
    case 'rise':
      return line.setLevel(true);
    case 'fall':
      return line.setLevel(false);
    case 'edge':
      return line.edge();
    case 'unmask':
      return line.unmask();
    case 'listen':
      return line.listen();
    default:
      line[step]();
      return false;
  }
}

/** Whether the last of `steps` signals, found by looking back through all of them; `signals` says which earlier ones did. */
function naiveSignal(steps: readonly Step[], automasked: boolean, signals: readonly boolean[]): boolean {
  const last = steps.length - 1;
  const latest = (before: number, ...names: readonly Step[]): number =>
    steps.findLastIndex((name, at) => at < before && names.includes(name));
  const isHigh = (before: number): boolean => steps[latest(before, 'rise', 'fall', 'reset')] === 'rise';
  const isListened = (before: number): boolean => steps[latest(before, 'listen', 'ignore', 'disable')] === 'listen';
  const isMasked = (before: number): boolean => {
    const opened = latest(before, 'unmask', 'disable');
    const masks = steps.map((name, at) => at < before && at >= opened && (name === 'mask' || (automasked && signals[at] === true)));
    return masks.lastIndexOf(true) >= 0;
  };
  const isKept = (before: number): boolean => {
    const forgotten = latest(before, 'unmask', 'ignore', 'disable', 'reset');
    return steps.some((name, at) => at < before && at > forgotten && name === 'edge' && isMasked(at) && isListened(at));
  };
  switch (steps[last]) {
    case 'rise':
      return !isHigh(last) && isListened(last) && !isMasked(last);
    case 'edge':
      return isListened(last) && !isMasked(last);
    case 'unmask':
      return isMasked(last) && isListened(last) && (isHigh(last) || isKept(last));
    case 'listen':
      return isHigh(last) && !isMasked(last);
    default:
      return false;
  }
}
