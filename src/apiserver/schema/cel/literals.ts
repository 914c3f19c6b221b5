/** Texts written into an expression that can be judged before it runs: patterns, durations, timestamps. */
import { compileGoRegExp, GoRegExpError } from '../go-regexp.ts';
import { parseDurationNanos, stringFormat } from '../formats.ts';
import type { Complaint } from './describe.ts';
import { identifiers } from './tokens.ts';

const LITERAL = /\s*\(\s*([rR]?)("(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*')\s*\)/y;

/** The first call of matches(), duration() or timestamp() with a text that can never do. */
export function findBadLiteral(source: string): Complaint | undefined {
  for (const { name, start, member, called } of identifiers(source)) {
    if (!called || !(name === 'matches' ? member : name === 'duration' || name === 'timestamp')) continue;
    const pattern = new RegExp(LITERAL.source, 'y');
    pattern.lastIndex = start + name.length;
    const match = pattern.exec(source);
    const text = match === null ? undefined : unquote(match[2] ?? '', match[1] !== '');
    if (match === null || text === undefined || isGood(name, text)) continue;
    const offset = source.indexOf(`${match[1] ?? ''}${match[2] ?? ''}`, start + name.length);
    return { message: `invalid ${name} argument`, offset };
  }
  return undefined;
}

/** The text of a literal; undefined where it has escapes that are not worth reading here. */
function unquote(literal: string, raw: boolean): string | undefined {
  const text = literal.slice(1, -1);
  if (raw || !text.includes('\\')) return text;
  const plain = text.replace(/\\([\\"'`?])/g, '$1');
  return /\\[^\\"'`?]/.test(text.replaceAll('\\\\', '')) ? undefined : plain;
}

function isGood(name: string, text: string): boolean {
  if (name === 'duration') return /^[+-]?(?:0|(?:[\d.]+(?:ns|us|µs|μs|ms|s|m|h))+)$/.test(text) && parseDurationNanos(text) !== undefined;
  if (name === 'timestamp') return stringFormat('date-time')?.(text) ?? true;
  try {
    compileGoRegExp(text);
    return true;
  } catch (error) {
    if (error instanceof GoRegExpError) return false;
    throw error;
  }
}
