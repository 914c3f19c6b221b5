import { describe, expect, it } from 'vitest';
import { WrittenObjects } from './written-objects.ts';

interface Thing {
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
}

function thing(resourceVersion: string, uid = 'u'): Thing {
  return { metadata: { name: 'x', uid, resourceVersion } };
}

describe('WrittenObjects', () => {
  const open = (): WrittenObjects<Thing> => new WrittenObjects<Thing>((answer) => answer as Thing);

  it('gives what was written until the watch has brought it or something newer', () => {
    const written = open();
    written.remember('x', thing('10'));
    expect(written.latest('x', thing('9'))?.metadata.resourceVersion).toBe('10');
    expect(written.latest('x', thing('11'))?.metadata.resourceVersion).toBe('11');
    expect(written.latest('x', thing('9'))?.metadata.resourceVersion).toBe('9');
  });

  it('compares versions as numbers', () => {
    const written = open();
    written.remember('x', thing('10'));
    expect(written.latest('x', thing('9'))?.metadata.resourceVersion).toBe('10');
  });

  it('does not hold on to an object that is gone or is another one by now', () => {
    const written = open();
    written.remember('x', thing('10'));
    expect(written.latest('x', undefined)).toBeUndefined();
    written.remember('x', thing('10'));
    expect(written.latest('x', thing('5', 'other'))?.metadata.uid).toBe('other');
  });

  it('believes the server rather than its own write once all is listed anew, as after a restored backup', () => {
    const written = open();
    written.remember('x', thing('10'));
    expect(written.forgetAll()).toEqual(['x']);
    expect(written.latest('x', thing('9'))?.metadata.resourceVersion).toBe('9');
  });

  it('knows its own write when the watch brings it', () => {
    const written = open();
    written.remember('x', thing('10'));
    expect(written.takeEcho('x', thing('10'))).toBe(true);
    expect(written.takeEcho('x', thing('11'))).toBe(false);
    expect(written.takeEcho('x', undefined)).toBe(false);
  });
});
