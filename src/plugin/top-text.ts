import { columns } from '../lib/table.ts';
import type { Paint } from './paint.ts';
import type { Top, TopEntry } from './top.ts';

/** `kubectl mdev top` for people, as lines. */
export function topText({ devices, ready, inUse, lockedBytes }: Top, paint: Paint): string[] {
  const sum = `${devices.length} devices, ${ready} ready, ${inUse} in use, ${sizeText(lockedBytes)} locked`;
  if (devices.length === 0) return ['There is no MdevDevice.'];
  const rows = devices.map((entry) => [
    `${entry.namespace}/${entry.name}`,
    entry.nodeName ?? '-',
    entry.typeID ?? '-',
    entry.ready,
    entry.inUse,
    entry.lockedBytes === undefined ? '-' : sizeText(entry.lockedBytes),
    limitText(entry),
    usersText(entry),
  ]);
  const [header = '', ...lines] = columns(['DEVICE', 'NODE', 'TYPE', 'READY', 'IN USE', 'LOCKED', 'LIMIT', 'USERS'], rows);
  return [sum, '', paint('quiet', header), ...lines.map((line, index) => painted(line, devices[index], paint))];
}

function painted(line: string, entry: TopEntry | undefined, paint: Paint): string {
  if (entry?.ready !== 'True') return paint('bad', line);
  return entry.inUse === 'True' ? paint('good', line) : line;
}

function limitText({ lockedBytes, limitBytes }: TopEntry): string {
  if (lockedBytes === undefined) return '-';
  return limitBytes === undefined ? 'none' : sizeText(limitBytes);
}

function usersText({ users }: TopEntry): string {
  return users.length === 0 ? '-' : users.map(({ pid, comm, vm, pod }) => vm ?? pod ?? `${comm} (${pid})`).join(', ');
}

const units = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes in the largest unit that leaves at least one. */
export function sizeText(bytes: number): string {
  let [value, unit]: [number, string] = [bytes, 'B'];
  for (const larger of units) {
    if (value < 1024) break;
    [value, unit] = [value / 1024, larger];
  }
  return `${Number(value.toFixed(1))} ${unit}`;
}

/** The lines that a screen of this size shows, each cut to its width; the last says what is below. */
export function fit(lines: readonly string[], { rows, width }: { readonly rows: number; readonly width: number }, note: string): string[] {
  const room = Math.max(1, rows - 1);
  const shown = lines.length > room ? [...lines.slice(0, room - 1), `... ${lines.length - room + 1} more`] : lines;
  return [...shown, note].map((line) => cut(line, width));
}

/** Escape sequences, which take no room. */
const escape = /\u001b\[[0-9;]*m/y;

function cut(line: string, width: number): string {
  let shown = '';
  for (let at = 0, left = width; at < line.length;) {
    escape.lastIndex = at;
    const sequence = escape.exec(line)?.[0];
    if (sequence === undefined && left === 0) {
      at++;
      continue;
    }
    shown += sequence ?? line[at] ?? '';
    at += sequence?.length ?? 1;
    if (sequence === undefined) left--;
  }
  return shown;
}
