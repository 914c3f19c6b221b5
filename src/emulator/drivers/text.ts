import { ErrnoError } from '../../lib/errno.ts';

/** The text without the one newline that `echo` puts behind it. */
export function line(text: string): string {
  return text.endsWith('\n') ? text.slice(0, -1) : text;
}

/**
 * Reads an unsigned number as the kernel's kstrtoul with base 0 does: decimal, 0x hexadecimal or 0 octal, at most one newline after.
 * @throws ErrnoError EINVAL for other text, ERANGE past 2^53 - 1
 */
export function parseUnsigned(text: string): number {
  const digits = line(text);
  let number = NaN;
  if (/^0x[0-9a-f]+$/i.test(digits)) number = Number(digits);
  else if (/^0[0-7]*$/.test(digits)) number = parseInt(digits, 8);
  else if (/^[1-9][0-9]*$/.test(digits)) number = Number(digits);
  if (Number.isNaN(number)) throw new ErrnoError('EINVAL', `${JSON.stringify(text.slice(0, 64))} is not a number`);
  if (!Number.isSafeInteger(number)) throw new ErrnoError('ERANGE', `${digits.slice(0, 64)} is out of range`);
  return number;
}
