/**
 * JSON bodies read as kube-apiserver reads them: Go's wording of syntax errors, the last of repeated keys wins but
 * each repetition is told (strict field validation refuses it), and nesting is bounded. Keys stay the object's own,
 * `__proto__` too. Whole numbers past 2^53 lose digits, as JavaScript has no others.
 */
import type { Json, JsonObject } from '../object.ts';
import { setOwn } from './own.ts';

/** A body that is no JSON (or YAML); the message is what Go's decoder says, without a prefix. */
export class BodySyntaxError extends Error {
  override name = 'BodySyntaxError';
}

export interface ParsedBody {
  readonly value: Json;
  /** What strict field validation holds against the text: `duplicate field "spec.x"`. */
  readonly strictErrors: string[];
}

/** Go stops at 10,000; what comes after this parser walks values on JavaScript's smaller stack. */
export const MAX_DEPTH = 1000;
const MAX_STRICT_ERRORS = 100;

/** Reads one JSON value. Throws BodySyntaxError. */
export function parseJson(text: string): ParsedBody {
  return new Parser(text).run();
}

/** The message of a strict refusal or warning: what the text repeats, then what the schema does not know. */
export function strictDecodingError(strictErrors: readonly string[], unknownFields: readonly string[]): string | undefined {
  const all = [...strictErrors, ...unknownFields.map((path) => `unknown field "${path}"`)];
  return all.length === 0 ? undefined : `strict decoding error: ${all.join(', ')}`;
}

type Frame = { readonly list: Json[] } | { readonly map: JsonObject; key: string };

class Parser {
  private readonly text: string;
  private at = 0;
  private readonly strictErrors: string[] = [];
  private readonly stack: Frame[] = [];

  constructor(text: string) {
    this.text = text;
  }

  run(): ParsedBody {
    let value: Json | undefined;
    do {
      value = this.step();
    } while (value === undefined);
    this.skipSpace();
    if (this.at < this.text.length) this.fail('after top-level value');
    return { value, strictErrors: this.strictErrors };
  }

  /** Reads a value, or enters a list or map; answers the whole once it is complete. */
  private step(): Json | undefined {
    this.skipSpace();
    const char = this.text[this.at];
    if (char === '{' || char === '[') {
      this.at++;
      if (this.stack.length >= MAX_DEPTH) throw new BodySyntaxError('exceeded max depth');
      if (char === '[') {
        const list: Json[] = [];
        if (this.accept(']')) return this.finish(list);
        this.stack.push({ list });
      } else {
        const map: JsonObject = {};
        if (this.accept('}')) return this.finish(map);
        this.stack.push({ map, key: this.key(map, 'looking for beginning of object key string') });
      }
      return undefined;
    }
    return this.finish(this.scalar());
  }

  /** Puts a complete value where it belongs and closes the lists and maps that end with it. */
  private finish(value: Json): Json | undefined {
    let done = value;
    for (;;) {
      const frame = this.stack.at(-1);
      if (frame === undefined) return done;
      if ('list' in frame) {
        frame.list.push(done);
        if (this.accept(',')) return undefined;
        if (!this.accept(']')) this.fail('after array element');
        done = frame.list;
      } else {
        setOwn(frame.map, frame.key, done);
        if (this.accept(',')) {
          frame.key = this.key(frame.map, 'looking for beginning of object key string');
          return undefined;
        }
        if (!this.accept('}')) this.fail('after object key:value pair');
        done = frame.map;
      }
      this.stack.pop();
    }
  }

  private key(map: JsonObject, context: string): string {
    this.skipSpace();
    if (this.text[this.at] !== '"') this.fail(context);
    const key = this.string();
    if (!this.accept(':')) this.fail('after object key');
    if (Object.hasOwn(map, key) && this.strictErrors.length < MAX_STRICT_ERRORS) {
      const error = `duplicate field "${this.path(map, key)}"`;
      if (!this.strictErrors.includes(error)) this.strictErrors.push(error);
    }
    return key;
  }

  /** `spec.list[0].key` of a key of the innermost map. */
  private path(map: JsonObject, key: string): string {
    let path = '';
    for (const frame of this.stack) {
      if ('list' in frame) path += `[${String(frame.list.length)}]`;
      else if (frame.map !== map) path += path === '' ? frame.key : `.${frame.key}`;
    }
    return path === '' ? key : `${path}.${key}`;
  }

  private scalar(): Json {
    const char = this.text[this.at];
    if (char === '"') return this.string();
    if (char === 't') return this.word('true', true);
    if (char === 'f') return this.word('false', false);
    if (char === 'n') return this.word('null', null);
    if (char === '-' || (char !== undefined && char >= '0' && char <= '9')) return this.number();
    return this.fail('looking for beginning of value');
  }

  private word<T extends Json>(word: string, value: T): T {
    for (let i = 1; i < word.length; i++) {
      if (this.text[this.at + i] !== word[i]) {
        this.at += i;
        this.fail(`in literal ${word} (expecting '${word[i] ?? ''}')`);
      }
    }
    this.at += word.length;
    return value;
  }

  private number(): number {
    const start = this.at;
    if (this.text[this.at] === '-') this.at++;
    if (this.text[this.at] === '0') this.at++;
    else this.digits('in numeric literal');
    if (this.text[this.at] === '.') {
      this.at++;
      this.digits('after decimal point in numeric literal');
    }
    if (this.text[this.at] === 'e' || this.text[this.at] === 'E') {
      this.at++;
      if (this.text[this.at] === '+' || this.text[this.at] === '-') this.at++;
      this.digits('in exponent of numeric literal');
    }
    const literal = this.text.slice(start, this.at);
    const value = Number(literal);
    if (!Number.isFinite(value)) throw new BodySyntaxError(`json: cannot unmarshal number ${literal} into Go value of type float64`);
    return value;
  }

  private digits(context: string): void {
    const start = this.at;
    while (isDigit(this.text.charCodeAt(this.at))) this.at++;
    if (this.at === start) this.fail(context);
  }

  private string(): string {
    const start = ++this.at;
    let escaped = false;
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code === 0x22) break;
      if (Number.isNaN(code)) this.fail('in string literal');
      if (code < 0x20) this.fail('in string literal');
      if (code === 0x5c) {
        escaped = true;
        this.escape();
      } else {
        this.at++;
      }
    }
    const raw = this.text.slice(start, this.at++);
    // Go replaces halves of surrogate pairs.
    return escaped ? (JSON.parse(`"${raw}"`) as string).toWellFormed() : raw;
  }

  private escape(): void {
    const char = this.text[this.at + 1];
    if (char === 'u') {
      for (let i = 2; i < 6; i++) {
        if (!/^[0-9A-Fa-f]$/.test(this.text[this.at + i] ?? '')) {
          this.at += i;
          this.fail('in \\u hexadecimal character escape');
        }
      }
      this.at += 6;
    } else if (char !== undefined && 'bfnrt\\/"'.includes(char)) {
      this.at += 2;
    } else {
      this.at++;
      this.fail('in string escape code');
    }
  }

  private accept(char: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== char) return false;
    this.at++;
    return true;
  }

  private skipSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at++;
    }
  }

  private fail(context: string): never {
    const code = this.text.codePointAt(this.at);
    if (code === undefined) throw new BodySyntaxError('unexpected end of JSON input');
    throw new BodySyntaxError(`invalid character ${quoteChar(String.fromCodePoint(code))} ${context}`);
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function quoteChar(char: string): string {
  if (char === "'") return `'\\''`;
  if (char === '"') return `'"'`;
  return `'${JSON.stringify(char).slice(1, -1)}'`;
}
