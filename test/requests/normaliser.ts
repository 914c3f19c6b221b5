/** Makes the answers of two servers comparable, within one conversation. */
import { isObject, orderedStatus } from '../manifests/outcome.ts';

/** Times before it are the scenarios' own and have to come back as they were sent. */
const ownTimesEnd = '2026-02';

/**
 * Replaces the conversation's namespace by what it is called in the notes; UIDs by `uid1 of NAME`, `uid2 of NAME`... and
 * each object's resourceVersions by `rv1`, `rv2`... in the order of appearance, so that it still shows whether a write
 * changed them; lists' resourceVersions, times, ages and continue tokens by placeholders. managedFields come in the order
 * of their managers: a server's depends on whether a second has passed.
 */
export class Normaliser {
  readonly #uids = new Map<string, string>();
  readonly #names = new Map<string, number>();
  readonly #versions = new Map<string, string[]>();
  readonly #namespace: string;
  readonly #notedAs: string;

  constructor(namespace: string, notedAs: string) {
    this.#namespace = namespace;
    this.#notedAs = notedAs;
  }

  /** `value` made comparable, with sorted keys. */
  apply(value: unknown): unknown {
    if (typeof value === 'string') return this.#text(value);
    if (Array.isArray(value)) return value.map((item) => this.apply(item));
    if (!isObject(value)) return value;
    const source = value['kind'] === 'Status' ? orderedStatus(value) : value;
    const result: Record<string, unknown> = {};
    for (const key of Object.keys(source).sort()) result[key] = this.#field(key, source[key], source);
    return result;
  }

  /** The namespace in a text by what it is called in the notes. */
  named(text: string): string {
    return text.replaceAll(this.#namespace, this.#notedAs);
  }

  #field(key: string, value: unknown, owner: Record<string, unknown>): unknown {
    if (Array.isArray(value) && key === 'managedFields') return value.map((entry) => this.apply(entry)).sort(byManager);
    if (Array.isArray(value) && key === 'cells') return value.map((cell) => this.#cell(cell));
    if (typeof value !== 'string') return this.apply(value);
    if (key === 'uid' && value.length === 36) return this.#uid(value, owner['name']);
    if (key === 'resourceVersion' && value !== '') {
      // Of a list, or of a bookmark: any version not older than the objects will do.
      return typeof owner['uid'] === 'string' ? this.#version(owner['uid'], value) : '<rv>';
    }
    if (key === 'continue') return value === '' ? '' : '<continue>';
    return this.#text(value);
  }

  #uid(uid: string, name: unknown): string {
    const known = this.#uids.get(uid);
    if (known !== undefined) return known;
    const owner = this.named(String(name));
    const count = (this.#names.get(owner) ?? 0) + 1;
    this.#names.set(owner, count);
    const text = `uid${String(count)} of ${owner}`;
    this.#uids.set(uid, text);
    return text;
  }

  #version(uid: string, version: string): string {
    const seen = this.#versions.get(uid) ?? [];
    if (!seen.includes(version)) this.#versions.set(uid, [...seen, version]);
    return `rv${String(seen.includes(version) ? seen.indexOf(version) + 1 : seen.length + 1)}`;
  }

  #cell(cell: unknown): unknown {
    return typeof cell === 'string' && /^(\d+[smhd])+$/.test(cell) ? '<age>' : this.apply(cell);
  }

  #text(text: string): string {
    let result = this.named(text)
      .replace(/Too large resource version: \d+, current: \d+/, 'Too large resource version: <rv>, current: <rv>')
      .replace(/(ResourceVersion in record )\(\d+\)/, '$1(<rv>)')
      .replace(/(resourceVersion\\*"?: ?\\*")\d+/g, '$1<rv>') // in YAML, or in JSON within a message
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (time, fraction?: string) =>
        time < ownTimesEnd ? time : fraction ? '<microtime>' : '<time>',
      );
    for (const [uid, name] of this.#uids) result = result.replaceAll(uid, name);
    return result;
  }
}

function byManager(a: unknown, b: unknown): number {
  const key = (entry: unknown): string =>
    isObject(entry) ? ['manager', 'operation', 'subresource', 'apiVersion'].map((name) => String(entry[name])).join() : '';
  return key(a) < key(b) ? -1 : 1;
}
