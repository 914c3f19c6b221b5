/**
 * The old value beside the new one, walked down together: a refusal of a value that an update left unchanged is
 * forgiven (ratcheting). Fields correlate by name, elements of a list of type map by their keys, others not at all.
 */
import { isJsonObject } from '../object.ts';
import type { Json } from '../object.ts';
import { jsonEqual } from './equality.ts';
import { indexMapList } from './map-list.ts';
import type { MapList } from './map-list.ts';
import { propertySchema, valueSchema } from './structural.ts';
import type { StructuralSchema } from './structural.ts';

export class Correlation {
  private readonly value: Json;
  private readonly oldValue: Json;
  private readonly schema: StructuralSchema;
  private equal: boolean | undefined;
  private mapList: MapList | undefined;
  private readonly children = new Map<string | number, Correlation>();

  constructor(value: Json, oldValue: Json, schema: StructuralSchema) {
    this.value = value;
    this.oldValue = oldValue;
    this.schema = schema;
  }

  /** Whether nothing changed here; a list of type map may have been reordered. */
  unchanged(): boolean {
    this.equal ??= this.compare();
    return this.equal;
  }

  /** The field `key` of both values; undefined where one lacks it or the schema does not know it. */
  key(key: string): Correlation | undefined {
    const known = this.children.get(key);
    if (known !== undefined) return known;
    const schema = propertySchema(this.schema, key) ?? valueSchema(this.schema);
    if (schema === undefined || !isJsonObject(this.value) || !isJsonObject(this.oldValue)) return undefined;
    if (!Object.hasOwn(this.value, key) || !Object.hasOwn(this.oldValue, key)) return undefined;
    return this.remember(key, this.value[key] ?? null, this.oldValue[key] ?? null, schema);
  }

  /** Element `index` of the new list and the old element with its keys. */
  index(index: number): Correlation | undefined {
    const known = this.children.get(index);
    if (known !== undefined) return known;
    if (!Array.isArray(this.value) || !Array.isArray(this.oldValue) || this.schema.items === undefined) return undefined;
    const item = this.value[index];
    if (item === undefined) return undefined;
    this.mapList ??= indexMapList(this.schema, this.oldValue);
    const old = this.mapList(item);
    return old === undefined ? undefined : this.remember(index, item, old, this.schema.items);
  }

  private remember(at: string | number, value: Json, old: Json, schema: StructuralSchema): Correlation {
    const child = new Correlation(value, old, schema);
    this.children.set(at, child);
    return child;
  }

  private compare(): boolean {
    const { value, oldValue } = this;
    if (Array.isArray(value) && Array.isArray(oldValue)) {
      if (value.length !== oldValue.length) return false;
      if (this.schema['x-kubernetes-list-type'] !== 'map') return jsonEqual(value, oldValue);
      return value.every((_, i) => this.index(i)?.unchanged() ?? false);
    }
    if (isJsonObject(value) && isJsonObject(oldValue)) {
      const keys = Object.keys(value);
      return keys.length === Object.keys(oldValue).length && keys.every((key) => this.key(key)?.unchanged() ?? false);
    }
    return jsonEqual(value, oldValue);
  }
}
