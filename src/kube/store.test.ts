import { describe, expect, it } from 'vitest';
import { Store } from './store.ts';

interface Thing {
  readonly metadata: { readonly namespace: string; readonly name: string; readonly uid: string; readonly resourceVersion: string };
  readonly colours: readonly string[];
}

function thing(name: string, resourceVersion: string, ...colours: string[]): Thing {
  return { metadata: { namespace: 'ns', name, uid: name, resourceVersion }, colours };
}

function colourful(): Store<Thing, 'colour'> {
  return new Store({ colour: (object: Thing) => object.colours });
}

describe('Store', () => {
  it('finds objects by every value of an index, and only as long as they have it', () => {
    const store = colourful();
    store.upsert(thing('a', '1', 'red', 'blue'));
    store.upsert(thing('b', '1', 'red'));
    expect(store.keysByIndex('colour', 'red')).toEqual(['ns/a', 'ns/b']);
    store.upsert(thing('a', '2', 'blue'));
    expect(store.keysByIndex('colour', 'red')).toEqual(['ns/b']);
    store.delete('ns/b');
    expect(store.byIndex('colour', 'red')).toEqual([]);
    expect(store.byIndex('colour', 'blue')).toHaveLength(1);
  });

  it('says whether an object is news', () => {
    const store = colourful();
    expect(store.upsert(thing('a', '1'))).toBe(true);
    expect(store.upsert(thing('a', '1'))).toBe(false);
    expect(store.upsert(thing('a', '2'))).toBe(true);
    expect(store.delete('ns/a')).toBe(true);
    expect(store.delete('ns/a')).toBe(false);
  });

  it('reports what came, changed or went when all is replaced, but not what is kept', () => {
    const store = colourful();
    for (const name of ['same', 'changed', 'gone', 'kept']) store.upsert(thing(name, '1'));
    const changed = store.replace([thing('same', '1'), thing('changed', '2'), thing('new', '1')], new Set(['ns/kept']));
    expect(changed).toEqual(['ns/gone', 'ns/changed', 'ns/new']);
    expect(store.has('ns/kept')).toBe(true);
  });
});
