/** Makes the answers of two servers comparable, within one conversation. */
import { isObject, orderedStatus } from '../manifests/outcome.ts';

/** Times before it are the scenarios' own and have to come back as they were sent. */
const ownTimesEnd = '2026-02';

/**
 * Replaces UIDs by `uid1`, `uid2`... and each object's resourceVersions by `rv1`, `rv2`... in the order of appearance, so
 * that it still shows whether a write changed them; lists' resourceVersions, times, ages and continue tokens by
 * placeholders. managedFields come in the order of their managers: a server's depends on whether a second has passed.
 */
export class Normaliser {
  readonly #uids = new Map<string, string>();
  readonly #versions = new Map<string, Map<string, string>>();

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
    if (key === 'managedFields' && Array.isArray(value)) return value.map((entry) => this.apply(entry)).sort(byManager);
    if (typeof value !== 'string')
      return key === 'cells' && Array.isArray(value) ? value.map((cell) => this.#cell(cell)) : this.apply(value);
    if (key === 'uid' && value.length === 36) return nth(this.#uids, value, 'uid');
    if (key === 'resourceVersion' && value !== '') {
      // Of a list, or of a bookmark: any version not older than the objects will do.
      return typeof owner['uid'] === 'string' ? nth(this.#versionsOf(owner['uid']), value, 'rv') : '<rv>';
    }
    if (key === 'continue') return value === '' ? '' : '<continue>';
    return this.#text(value);
  }

  #versionsOf(uid: string): Map<string, string> {
    const known = this.#versions.get(uid) ?? new Map<string, string>();
    this.#versions.set(uid, known);
    return known;
  }

  #cell(cell: unknown): unknown {
    return typeof cell === 'string' && /^(\d+[smhd])+$/.test(cell) ? '<age>' : this.apply(cell);
  }

  #text(text: string): string {
    let result = text
      .replace(/Too large resource version: \d+, current: \d+/, 'Too large resource version: <rv>, current: <rv>')
      .replace(/resourceVersion: "\d+"/g, 'resourceVersion: "<rv>"')
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

function nth(names: Map<string, string>, value: string, prefix: string): string {
  const known = names.get(value);
  if (known !== undefined) return known;
  const name = `${prefix}${String(names.size + 1)}`;
  names.set(value, name);
  return name;
}
