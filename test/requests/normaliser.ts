/** Makes the answers of two servers comparable, within one conversation. */
import { isObject, orderedStatus } from '../manifests/outcome.ts';

/**
 * Replaces UIDs by `uid1`, `uid2`... and objects' resourceVersions by `rv1`, `rv2`... in the order of appearance, so that
 * it still shows whether a write changed them; lists' resourceVersions, times, ages and continue tokens by placeholders.
 */
export class Normaliser {
  readonly #uids = new Map<string, string>();
  readonly #versions = new Map<string, string>();

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

  #field(key: string, value: unknown, owner: Record<string, unknown>): unknown {
    if (typeof value !== 'string')
      return key === 'cells' && Array.isArray(value) ? value.map((cell) => this.#cell(cell)) : this.apply(value);
    if (key === 'uid' && value.length === 36) return nth(this.#uids, value, 'uid');
    if (key === 'resourceVersion' && value !== '') {
      // Of a list, or of a bookmark: any version not older than the objects will do.
      return 'uid' in owner ? nth(this.#versions, value, 'rv') : '<rv>';
    }
    if (key === 'continue') return value === '' ? '' : '<continue>';
    return this.#text(value);
  }

  #cell(cell: unknown): unknown {
    return typeof cell === 'string' && /^(\d+[smhd])+$/.test(cell) ? '<age>' : this.apply(cell);
  }

  #text(text: string): string {
    let result = text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (_, fraction?: string) => (fraction ? '<microtime>' : '<time>'));
    for (const [uid, name] of this.#uids) result = result.replaceAll(uid, name);
    return result;
  }
}

function nth(names: Map<string, string>, value: string, prefix: string): string {
  const known = names.get(value);
  if (known !== undefined) return known;
  const name = `${prefix}${String(names.size + 1)}`;
  names.set(value, name);
  return name;
}
