import { createHash } from 'node:crypto';

const longestName = 253;
/** Room for the ordinal with its dash. */
const ordinalRoom = 6;

/**
 * The names of the devices of a set but for their ordinal: `<set>`, or `<set>-<node>` where each node has its own. They follow from
 * set and node alone, so that devices made again find their UUIDs again. What would be too long is cut, with a hash of the node.
 */
export function nameStem(set: string, node: string): string {
  if (node === '') return set;
  const whole = `${set}-${node}`;
  if (whole.length + ordinalRoom <= longestName) return whole;
  const hash = createHash('sha256').update(node).digest('hex').slice(0, 10);
  const readable = whole.slice(0, longestName - ordinalRoom - hash.length - 1).replace(/[^a-z0-9]+$/, '');
  return `${readable}-${hash}`;
}

/** The name of one device. */
export function deviceName(stem: string, ordinal: number): string {
  return `${stem}-${String(ordinal)}`;
}

/** The ordinal of a device of this stem; undefined for any other name. */
export function ordinalOf(stem: string, name: string): number | undefined {
  if (!name.startsWith(`${stem}-`)) return undefined;
  const text = name.slice(stem.length + 1);
  return /^(0|[1-9]\d{0,5})$/.test(text) ? Number(text) : undefined;
}
