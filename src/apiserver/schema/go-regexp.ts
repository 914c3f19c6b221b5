/**
 * Go's regular expressions (RE2 syntax) for JavaScript: schema patterns and CEL's matches() are written for Go,
 * whose escapes, classes and flags differ in places. What RE2 refuses (look-around, back references) is refused
 * here with Go's wording. Matching is JavaScript's: leftmost-first as in Go, but not linear in time.
 */

import { CONTROL_ESCAPES, PERL_CLASSES, POSIX_CLASSES, escapeCode } from './go-regexp-classes.ts';

/** A pattern Go's regexp.Compile refuses; the message is Go's. */
export class GoRegExpError extends Error {
  constructor(problem: string, fragment: string, options?: ErrorOptions) {
    super(`error parsing regexp: ${problem}: \`${fragment}\``, options);
    this.name = 'GoRegExpError';
  }
}

/** Compiles a Go pattern; matches anywhere in the text, as Go does. Throws GoRegExpError. */
export function compileGoRegExp(pattern: string, flags: '' | 'g' = ''): RegExp {
  const source = new Translator(pattern).run();
  try {
    return new RegExp(source, `v${flags}`);
  } catch (cause) {
    throw new GoRegExpError('invalid or unsupported syntax', pattern, { cause });
  }
}

const MAX_REPEAT = 1000;
const GENERAL_CATEGORY = /^(?:C|Cc|Cf|Co|Cs|L|Ll|Lm|Lo|Lt|Lu|M|Mc|Me|Mn|N|Nd|Nl|No|P|Pc|Pd|Pe|Pf|Pi|Po|Ps|S|Sc|Sk|Sm|So|Z|Zl|Zp|Zs)$/;

interface Flags {
  ignoreCase: boolean;
  multiline: boolean;
  dotAll: boolean;
}

class Translator {
  private readonly pattern: string;
  private at = 0;
  private flags: Flags = { ignoreCase: false, multiline: false, dotAll: false };

  constructor(pattern: string) {
    this.pattern = pattern;
  }

  run(): string {
    const source = this.alternation(0);
    if (this.at < this.pattern.length) throw new GoRegExpError('unexpected )', this.pattern);
    return source;
  }

  /** Everything up to the end of the pattern or the closing parenthesis of the group it stands in. */
  private alternation(depth: number): string {
    if (depth > MAX_REPEAT) throw new GoRegExpError('expression nests too deeply', this.pattern);
    let out = '';
    let closers = '';
    let repeatable = false;
    while (this.at < this.pattern.length) {
      const char = this.pattern[this.at] ?? '';
      if (char === ')') {
        break;
      } else if (char === '|') {
        this.at++;
        // A flag group opened for this alternative must close before the next and open again in it.
        out += closers === '' ? '|' : `${closers}|`;
        if (closers !== '') {
          const open = this.modifierGroup();
          out += open;
          closers = open === '' ? '' : ')';
        }
        repeatable = false;
      } else if (char === '(') {
        const group = this.group(depth);
        if (group.flagsOnly) {
          out += closers + group.text;
          closers = group.text === '' ? '' : ')';
        } else {
          out += group.text;
          repeatable = true;
        }
      } else if ('*+?'.includes(char) || (char === '{' && this.repeatCount() !== undefined)) {
        out += this.quantifier(repeatable);
        repeatable = false;
        continue;
      } else {
        const atom = this.atom(char);
        out += atom;
        repeatable = atom !== '';
      }
    }
    return out + closers;
  }

  /** `(?ims:` for the flags in force, empty for none; `.` and `^` are translated by hand, so only i is left. */
  private modifierGroup(): string {
    return this.flags.ignoreCase ? '(?i:' : '';
  }

  private group(depth: number): { text: string; flagsOnly: boolean } {
    const start = this.at;
    const rest = this.pattern.slice(start);
    const saved = { ...this.flags };
    let open = '(';
    if (rest.startsWith('(?')) {
      const named = /^\(\?P?<([^>]*)>/.exec(rest);
      const flagged = /^\(\?([imsU]*)(?:-([imsU]+))?([:)])/.exec(rest);
      if (/^\(\?P?</.test(rest)) {
        if (named === null || !/^\w+$/.test(named[1] ?? '')) throw new GoRegExpError('invalid named capture', named?.[0] ?? rest);
        // Nobody asks for the group by its name, and JavaScript would refuse a second one of that name.
        this.at += named[0].length;
      } else if (flagged !== null && !(flagged[1] === '' && flagged[2] === undefined && flagged[3] === ')')) {
        this.at += flagged[0].length;
        this.setFlags(flagged[1] ?? '', true, rest);
        this.setFlags(flagged[2] ?? '', false, rest);
        const text = `(?${this.flags.ignoreCase ? 'i' : '-i'}:`;
        if (flagged[3] === ')') return { text: this.flags.ignoreCase === saved.ignoreCase ? '' : text, flagsOnly: true };
        open = text;
      } else {
        throw new GoRegExpError('invalid or unsupported Perl syntax', /^\(\?(?:P?<?[=!]|P|[^:)]?)/.exec(rest)?.[0] ?? '(?');
      }
    } else {
      this.at++;
    }
    const body = this.alternation(depth + 1);
    if (this.pattern[this.at] !== ')') throw new GoRegExpError('missing closing )', this.pattern);
    this.at++;
    this.flags = saved;
    return { text: `${open}${body})`, flagsOnly: false };
  }

  private setFlags(names: string, value: boolean, rest: string): void {
    for (const name of names) {
      if (name === 'i') this.flags.ignoreCase = value;
      else if (name === 'm') this.flags.multiline = value;
      else if (name === 's') this.flags.dotAll = value;
      else if (value) throw new GoRegExpError('invalid or unsupported Perl syntax', rest.slice(0, 3));
    }
  }

  /** The text of a `{n,m}` here, or undefined where the brace is an ordinary character. */
  private repeatCount(): RegExpExecArray | undefined {
    const match = /^\{(\d{1,9})(?:(,)(\d{1,9})?)?\}/.exec(this.pattern.slice(this.at, this.at + 24));
    return match ?? undefined;
  }

  private quantifier(repeatable: boolean): string {
    const start = this.at;
    const count = this.repeatCount();
    const text = count?.[0] ?? this.pattern[this.at] ?? '';
    this.at += text.length;
    if (count !== undefined) {
      const low = Number(count[1]);
      const high = count[3] === undefined ? low : Number(count[3]);
      if (low > MAX_REPEAT || high > MAX_REPEAT || high < low) throw new GoRegExpError('invalid repeat count', text);
    }
    let out = text;
    if (this.pattern[this.at] === '?') {
      this.at++;
      out += '?';
    }
    if (!repeatable) throw new GoRegExpError('missing argument to repetition operator', text);
    const next = this.pattern[this.at] ?? '';
    if (next !== '' && ('*+?'.includes(next) || (next === '{' && this.repeatCount() !== undefined))) {
      const second = this.repeatCount()?.[0] ?? next;
      throw new GoRegExpError('invalid nested repetition operator', this.pattern.slice(start, this.at) + second);
    }
    return out;
  }

  private atom(char: string): string {
    switch (char) {
      case '.':
        this.at++;
        return this.flags.dotAll ? '[^]' : '[^\\n]';
      case '^':
        this.at++;
        return this.flags.multiline ? '(?<![^\\n])' : '^';
      case '$':
        this.at++;
        return this.flags.multiline ? '(?![^\\n])' : '$';
      case '[':
        return this.charClass();
      case '\\':
        return this.escape();
      default:
        return this.literal();
    }
  }

  private literal(): string {
    const code = this.pattern.codePointAt(this.at) ?? 0;
    this.at += code > 0xffff ? 2 : 1;
    return escapeCode(code);
  }

  private escape(): string {
    const next = this.pattern[this.at + 1];
    if (next === undefined) throw new GoRegExpError('trailing backslash at end of expression', '');
    if (next === 'Q') {
      const end = this.pattern.indexOf('\\E', this.at + 2);
      const text = this.pattern.slice(this.at + 2, end < 0 ? undefined : end);
      this.at = end < 0 ? this.pattern.length : end + 2;
      return Array.from(text, (rune) => escapeCode(rune.codePointAt(0) ?? 0)).join('');
    }
    if (next === 'A') return this.take(2, '^');
    if (next === 'z') return this.take(2, '$');
    if (next === 'b' || next === 'B') return this.take(2, `\\${next}`);
    const perl = PERL_CLASSES.get(next);
    if (perl !== undefined) return this.take(2, perl);
    if (next === 'p' || next === 'P') return this.property();
    return escapeCode(this.escapedCode());
  }

  private take(length: number, out: string): string {
    this.at += length;
    return out;
  }

  /** The character an escape stands for, inside a class or outside. */
  private escapedCode(): number {
    const rest = this.pattern.slice(this.at, this.at + 12);
    const match = /^\\(?:x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]{1,8})\}|(0[0-7]{0,2}|[1-7][0-7]{1,2}))/.exec(rest);
    if (match !== null) {
      const hex = match[1] ?? match[2];
      const code = hex === undefined ? parseInt(match[3] ?? '', 8) : parseInt(hex, 16);
      if (code > 0x10ffff) throw new GoRegExpError('invalid escape sequence', match[0]);
      this.at += match[0].length;
      return code;
    }
    const code = this.pattern.codePointAt(this.at + 1);
    if (code === undefined) throw new GoRegExpError('trailing backslash at end of expression', '');
    const char = String.fromCodePoint(code);
    const control = CONTROL_ESCAPES.get(char);
    if (control === undefined && (code >= 0x80 || /[0-9A-Za-z]/.test(char))) {
      throw new GoRegExpError('invalid escape sequence', `\\${char}`);
    }
    this.at += 1 + char.length;
    return control ?? code;
  }

  /** `\pL`, `\p{Greek}`, `\P{^Lu}`. */
  private property(): string {
    const match = /^\\([pP])(?:\{(\^?)([A-Za-z_]+)\}|([A-Za-z]))/.exec(this.pattern.slice(this.at));
    const fragment = match?.[0] ?? this.pattern.slice(this.at, this.at + 2);
    const name = match?.[3] ?? match?.[4];
    if (match === null || name === undefined) throw new GoRegExpError('invalid character class range', fragment);
    this.at += fragment.length;
    const negated = (match[1] === 'P') !== (match[2] === '^');
    if (name === 'Any') return negated ? '[]' : '[^]';
    const source = `\\${negated ? 'P' : 'p'}{${GENERAL_CATEGORY.test(name) ? name : `Script=${name}`}}`;
    try {
      new RegExp(source, 'v');
    } catch (cause) {
      throw new GoRegExpError('invalid character class range', fragment, { cause });
    }
    return source;
  }

  private charClass(): string {
    const start = this.at;
    this.at++;
    let out = '[';
    if (this.pattern[this.at] === '^') {
      this.at++;
      out += '^';
    }
    let first = true;
    while (this.at < this.pattern.length && (first || this.pattern[this.at] !== ']')) {
      out += this.classItem(start, first);
      first = false;
    }
    if (this.at >= this.pattern.length) throw new GoRegExpError('missing closing ]', this.pattern.slice(start));
    this.at++;
    return `${out}]`;
  }

  private classItem(start: number, first: boolean): string {
    const rest = this.pattern.slice(this.at, this.at + 16);
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(rest);
    if (posix !== null) {
      const members = POSIX_CLASSES.get(posix[2] ?? '');
      if (members === undefined) throw new GoRegExpError('invalid character class range', posix[0]);
      return this.take(posix[0].length, `[${posix[1] ?? ''}${members}]`);
    }
    if (rest.startsWith('\\p') || rest.startsWith('\\P')) return this.property();
    const perl = rest.startsWith('\\') ? PERL_CLASSES.get(rest[1] ?? '') : undefined;
    if (perl !== undefined) return this.take(2, perl);
    const itemAt = this.at;
    // A dash is itself only first, last, or as the end of a range.
    if (rest.startsWith('-') && !first && rest[1] !== ']' && rest.length > 1) {
      throw new GoRegExpError('invalid character class range', /^-(?:\\.|[^])?/.exec(rest)?.[0] ?? '-');
    }
    const low = this.classChar(start);
    if (this.pattern[this.at] !== '-' || this.pattern[this.at + 1] === ']' || this.pattern[this.at + 1] === undefined)
      return escapeCode(low);
    this.at++;
    const high = this.classChar(start);
    if (high < low) throw new GoRegExpError('invalid character class range', this.pattern.slice(itemAt, this.at));
    return `${escapeCode(low)}-${escapeCode(high)}`;
  }

  private classChar(start: number): number {
    if (this.pattern[this.at] === '\\') return this.escapedCode();
    const code = this.pattern.codePointAt(this.at);
    if (code === undefined) throw new GoRegExpError('missing closing ]', this.pattern.slice(start));
    this.at += code > 0xffff ? 2 : 1;
    return code;
  }
}
