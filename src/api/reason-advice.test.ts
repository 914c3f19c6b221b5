import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { reasonAdvice } from './reason-advice.ts';
import { reasons } from './reasons.ts';

const all = Object.entries(reasons).flatMap(([condition, ofCondition]) =>
  Object.keys(ofCondition).map((reason) => [condition, reason] as const),
);

describe('the advice for each reason', () => {
  it.each(all)('is there for %s %s, as a sentence', (condition, reason) => {
    const advice = (reasonAdvice as Readonly<Record<string, Readonly<Record<string, string>>>>)[condition]?.[reason];
    expect(advice).toMatch(/^[A-Z`].*\.$/);
  });

  it('is in docs/OPERATIONS.md', async () => {
    const operations = await readFile(new URL('../../docs/OPERATIONS.md', import.meta.url), 'utf8');
    expect(all.filter(([, reason]) => !operations.includes(`\n| \`${reason}\` | `))).toEqual([]);
  });
});
