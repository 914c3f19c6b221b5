import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createPinMetrics, type PinSample } from './pin-metrics.ts';

const sample: PinSample = {
  uuid: 'u',
  parent: 'gpu',
  namespace: 'default',
  name: 'vgpu',
  pid: 7,
  pages: 3,
  lockedBytes: 16384,
  limitBytes: 65536,
};

/** The samples that a scrape shows. */
async function scrape(registry: Registry): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe('the metrics of pinned memory', () => {
  it('are read once a scrape, and exact', async () => {
    const registry = new Registry();
    let reads = 0;
    createPinMetrics(registry).readFrom(
      async () => [{ ...sample, pages: (reads += 1) }],
      () => undefined,
    );
    const labels = 'uuid="u",parent="gpu",namespace="default",name="vgpu"';
    expect(await scrape(registry)).toEqual([
      `mdev_pinned_pages{${labels}} 1`,
      `mdev_locked_bytes{${labels},pid="7"} 16384`,
      `mdev_locked_limit_bytes{${labels},pid="7"} 65536`,
    ]);
    expect((await scrape(registry))[0]).toBe(`mdev_pinned_pages{${labels}} 2`);
    expect(reads).toBe(2);
  });

  it('have no limit where nothing holds the process back, and go with the user', async () => {
    const registry = new Registry();
    let samples: PinSample[] = [{ ...sample, limitBytes: undefined }];
    createPinMetrics(registry).readFrom(
      async () => samples,
      () => undefined,
    );
    expect((await scrape(registry)).map((line) => line.split('{')[0])).toEqual(['mdev_pinned_pages', 'mdev_locked_bytes']);
    samples = [];
    expect(await scrape(registry)).toEqual([]);
  });

  it('are absent when they cannot be read, which is told, and the others are there', async () => {
    const registry = new Registry();
    const errors: unknown[] = [];
    let fails = false;
    createPinMetrics(registry).readFrom(
      async () => {
        if (fails) throw new Error('the emulator is gone');
        return [sample];
      },
      (error) => errors.push(error),
    );
    expect(await scrape(registry)).toHaveLength(3);
    fails = true;
    expect(await scrape(registry)).toEqual([]);
    expect(errors).toHaveLength(1);
  });

  it('do not wait for ever for whoever does not answer', async () => {
    const registry = new Registry();
    const hang = (signal: AbortSignal): Promise<PinSample[]> =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    const errors: unknown[] = [];
    createPinMetrics(registry, 1).readFrom(hang, (error) => errors.push(error));
    expect(await scrape(registry)).toEqual([]);
    expect(errors).toMatchObject([{ name: 'TimeoutError' }]);
  });
});
