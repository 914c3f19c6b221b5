/** Schemas as OpenAPI documents carry them: shared types by name, each once. */
import type { TypeSchema } from '../builtin/type-schema.ts';
import type { Json, JsonObject } from '../object.ts';
import { setOwn } from '../schema/own.ts';

/** v2: a `$ref` may have siblings, and only what Swagger 2.0 knows may appear. */
export type Flavour = 'v2' | 'v3';

/** Keys of TypeSchema that no document shows. */
const internal: ReadonlySet<string> = new Set(['definition', 'origin', 'keepZero', 'always', 'goType']);
/** Keys that Swagger 2.0 does not know. */
const notInV2: ReadonlySet<string> = new Set(['nullable', 'oneOf', 'anyOf', 'not', 'allOf', 'x-kubernetes-validations']);

/** The named types of one document. */
export class Components {
  readonly #flavour: Flavour;
  readonly #schemas = new Map<string, Json>();

  constructor(flavour: Flavour) {
    this.#flavour = flavour;
  }

  /** The types so far, by name, in order of their names. */
  toJson(): JsonObject {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Adds a named type with all it refers to, and returns a reference to it. */
  add(type: TypeSchema): JsonObject {
    const own = type.origin ?? type;
    const name = own.definition ?? '';
    if (!this.#schemas.has(name)) {
      // Entered before it is filled: a type may contain itself.
      const schema: JsonObject = {};
      this.#schemas.set(name, schema);
      Object.assign(schema, this.#plain(own));
    }
    return { $ref: `${this.#flavour === 'v3' ? '#/components/schemas/' : '#/definitions/'}${name}` };
  }

  #use(schema: TypeSchema): JsonObject {
    if (schema.definition === undefined) return this.#plain(schema);
    const reference = this.add(schema);
    const own: JsonObject = schema.description === undefined ? {} : { description: schema.description };
    if (this.#flavour === 'v2') return { ...own, ...reference };
    return schema.description === undefined ? reference : { ...own, allOf: [reference] };
  }

  #plain(schema: TypeSchema): JsonObject {
    const result: JsonObject = {};
    for (const [key, value] of Object.entries(schema)) {
      if (internal.has(key) || value === undefined || (this.#flavour === 'v2' && notInV2.has(key))) continue;
      setOwn(result, key, this.#keyword(key, value as Json | TypeSchema));
    }
    return schema['x-kubernetes-int-or-string'] === true && this.#flavour === 'v3' && schema.definition !== undefined
      ? { ...result, oneOf: [{ type: 'string' }, { type: 'number' }] }
      : result;
  }

  #keyword(key: string, value: Json | TypeSchema): Json {
    if (key === 'items') return this.#use(value as TypeSchema);
    if (key === 'additionalProperties' && typeof value === 'object') return this.#use(value as TypeSchema);
    if (key !== 'properties') return value as Json;
    const properties: JsonObject = {};
    for (const [name, property] of Object.entries(value as { [name: string]: TypeSchema })) setOwn(properties, name, this.#use(property));
    return properties;
  }
}
