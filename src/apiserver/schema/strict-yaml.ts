/**
 * YAML bodies (application/yaml, apply patches) as Kubernetes reads them: YAML 1.1 turned into JSON, the first
 * document only, repeated keys told, aliases bounded so that a small text cannot grow into a huge value.
 */
import { isScalar, parseDocument, visit } from 'yaml';
import type { Document, Node } from 'yaml';
import { isJsonObject } from '../object.ts';
import type { Json } from '../object.ts';
import { setOwn } from './own.ts';
import { BodySyntaxError, MAX_DEPTH, parseJson } from './strict-json.ts';
import type { ParsedBody } from './strict-json.ts';

const MAX_ALIASES = 100;
// Texts in JSON stay texts: Kubernetes makes no dates and no bytes of them.
const DROPPED_TAGS = ['timestamp', 'binary', 'omap', 'pairs', 'set'].map((name) => `tag:yaml.org,2002:${name}`);

/** Reads a YAML or JSON text. Throws BodySyntaxError. */
export function parseYaml(text: string): ParsedBody {
  // Clients send JSON under YAML's name more often than not, and JSON is read much faster.
  if (/^\s*\{/.test(text)) {
    try {
      return parseJson(text);
    } catch (error) {
      if (!(error instanceof BodySyntaxError)) throw error;
    }
  }
  refuseDepth(text);
  const doc = parseDocument(text, {
    version: '1.1',
    uniqueKeys: false,
    logLevel: 'silent',
    customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || !DROPPED_TAGS.includes(tag.tag)),
  });
  const [error] = doc.errors.filter(({ code }) => code !== 'MULTIPLE_DOCS');
  if (error !== undefined) {
    const line = error.linePos === undefined ? '' : `line ${String(error.linePos[0].line)}: `;
    throw new BodySyntaxError(`error converting YAML to JSON: yaml: ${line}${error.message.split('\n')[0] ?? ''}`, { cause: error });
  }
  return { value: toJson(readValue(doc), 0), strictErrors: repeatedKeys(doc, text) };
}

/** Nesting of a text by its brackets and its deepest indentation, an upper bound that costs no stack. */
function refuseDepth(text: string): void {
  let brackets = 0;
  let dashes = 0;
  let indent = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '[' || char === '{') brackets++;
    else if (char === ']' || char === '}') brackets = Math.max(0, brackets - 1);
    else if (char === '\n') {
      indent = 0;
      dashes = 0;
      continue;
    } else if ((char === ' ' || char === '-' || char === '?' || char === ':') && indent >= 0) {
      indent++;
      if (char !== ' ') dashes++;
    } else indent = -1;
    if (brackets > MAX_DEPTH || indent > 2 * MAX_DEPTH || dashes > MAX_DEPTH) throw new BodySyntaxError('exceeded max depth');
  }
}

function readValue(doc: Document.Parsed): unknown {
  try {
    return doc.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    if (cause instanceof ReferenceError) {
      throw new BodySyntaxError('error converting YAML to JSON: yaml: document contains excessive aliasing', { cause });
    }
    throw cause;
  }
}

/** What the library made of the text, as JSON: other types become text, numbers JSON cannot write are refused. */
function toJson(value: unknown, depth: number): Json {
  if (depth > MAX_DEPTH) throw new BodySyntaxError('exceeded max depth');
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw new BodySyntaxError(`error converting YAML to JSON: json: unsupported value: ${String(value)}`);
      return value;
    case 'bigint':
      return Number(value);
    default:
  }
  if (Array.isArray(value)) return value.map((item) => toJson(item, depth + 1));
  if (!isJsonObject(value)) return null;
  const object: { [key: string]: Json } = {};
  for (const [key, item] of Object.entries(value)) setOwn(object, key, toJson(item, depth + 1));
  return object;
}

function repeatedKeys(doc: Document.Parsed, text: string): string[] {
  const found: string[] = [];
  visit(doc, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const name = isScalar(key) ? String(key.value) : undefined;
        if (name === undefined || name === '<<') continue;
        if (seen.has(name)) found.push(`  line ${String(lineOf(key as Node, text))}: key ${JSON.stringify(name)} already set in map`);
        seen.add(name);
      }
    },
  });
  return found.length === 0 ? [] : [`error converting YAML to JSON: yaml: unmarshal errors:\n${found.join('\n')}`];
}

function lineOf(node: Node, text: string): number {
  const offset = node.range?.[0] ?? 0;
  let line = 1;
  for (let i = text.indexOf('\n'); i >= 0 && i < offset; i = text.indexOf('\n', i + 1)) line++;
  return line;
}
