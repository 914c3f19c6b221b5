/** The name of a manager that gave none. */

/** The user agent up to its first slash: its printable characters, at most 128 bytes of UTF-8. */
export function defaultManager(userAgent: string): string {
  let name = '';
  for (const rune of userAgent.split('/')[0] ?? '') {
    if (/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(rune)) continue;
    if (Buffer.byteLength(name + rune) > 128) break;
    name += rune;
  }
  return name;
}
