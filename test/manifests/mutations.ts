/** Arbitrary broken manifests: good ones with random changes, for property-based tests. */
import fc from 'fast-check';
import { device, goodSpec, type Manifest, parent, uuid } from './case.ts';
import { isObject } from './outcome.ts';

const full = goodSpec({
  uuid,
  nodeName: 'node-1',
  nodeSelector: { zone: 'a' },
  parent: { selector: { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'a', operator: 'In', values: ['x'] }] } },
  placement: 'Spread',
  attributes: [{ name: 'a', value: 'b' }],
  params: 'x=1',
  group: 'vm-1',
  online: false,
  adopt: true,
  reclaimPolicy: 'Retain',
});
const originals: readonly Manifest[] = [device(goodSpec()), device(full), parent({ allowedTypes: ['a', 'b'], unschedulable: true })];

/** What is done at one place of the manifest: `value` instead of, or beside, what is there. */
interface Mutation {
  /** Chooses the place, modulo the number of places. */
  readonly place: number;
  readonly kind: 'replace' | 'remove' | 'add' | 'rename' | 'repeat';
  readonly value: unknown;
  readonly key: string;
}

const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    ' ',
    '..',
    '../..',
    '/',
    'a/b',
    'null',
    'true',
    '0',
    '\u0000',
    '\n',
    'é',
    '💥',
    'x'.repeat(5000),
    uuid.toUpperCase(),
    '{{.}}',
    '__proto__',
    'constructor',
  ),
);
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  oddText,
  fc.integer(),
  fc.constantFrom(null, true, false, 0, -1, 1.5, 1e21, 9007199254740993, [], {}, [null], [[]], { a: {} }, { name: 'x', value: 'y' }),
  fc.array(oddText, { maxLength: 3 }),
);
const oddKey = fc.oneof(
  fc.constantFrom('name', 'id', 'uuid', 'extra', 'spec', 'status', '__proto__', 'constructor', 'toString', '', 'a.b', 'Type'),
  oddText,
);

const mutation: fc.Arbitrary<Mutation> = fc.record({
  place: fc.nat(200),
  kind: fc.constantFrom('replace', 'remove', 'add', 'rename', 'repeat'),
  value: oddValue,
  key: oddKey,
});

/** A manifest with one to three mutations below its spec, beside it, or in its metadata. */
export const brokenManifest: fc.Arbitrary<Manifest> = fc
  .tuple(fc.constantFrom(...originals), fc.array(mutation, { minLength: 1, maxLength: 3 }))
  .map(([original, mutations]) => {
    const manifest: unknown = JSON.parse(JSON.stringify({ ...original, metadata: { name: 'broken', labels: { a: 'b' } } }));
    for (const change of mutations) mutate(manifest, change);
    return manifest as Manifest;
  });

function mutate(manifest: unknown, { place, kind, value: shared, key }: Mutation): void {
  // A copy: the same constant put in twice, once into itself, would have no end, and be changed for all later runs.
  const value: unknown = structuredClone(shared);
  const places = placesOf(manifest);
  const chosen = places[place % places.length];
  if (chosen === undefined) return;
  const { container, at } = chosen;
  if (Array.isArray(container)) {
    const index = Number(at);
    if (kind === 'remove') container.splice(index, 1);
    else if (kind === 'add' || kind === 'repeat') container.push(kind === 'add' ? value : structuredClone(container[index]));
    else container[index] = value;
    return;
  }
  const define = (name: string, content: unknown): void =>
    void Object.defineProperty(container, name, { value: content, enumerable: true, writable: true, configurable: true });
  const old = container[at];
  if (kind === 'remove' || kind === 'rename') Reflect.deleteProperty(container, at);
  if (kind === 'replace') define(at, value);
  else if (kind === 'add') define(key, value);
  else if (kind === 'rename' || kind === 'repeat') define(key, old);
}

type Place = { readonly container: unknown[] | Record<string, unknown>; readonly at: string };

// Every value in the manifest but apiVersion and kind, which decide where it is sent.
function placesOf(value: unknown, depth = 0): Place[] {
  if (Array.isArray(value))
    return value.flatMap((item: unknown, index) => [{ container: value, at: String(index) }, ...placesOf(item, depth + 1)]);
  if (!isObject(value)) return [];
  return Object.keys(value)
    .filter((key) => depth > 0 || (key !== 'apiVersion' && key !== 'kind'))
    .flatMap((key) => [{ container: value, at: key }, ...placesOf(value[key], depth + 1)]);
}
