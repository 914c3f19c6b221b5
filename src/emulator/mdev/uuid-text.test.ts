import { describe, expect, it } from 'vitest';
import { parseUUIDText } from './uuid-text.ts';

const uuid = '12345678-1234-1234-1234-123456789abc';

describe('a UUID as written to sysfs', () => {
  it.each([uuid, `${uuid}\n`, uuid.toUpperCase(), `${uuid.toUpperCase()}\n`])('is taken as %j, and kept in lower case', (text) => {
    expect(parseUUIDText(text)).toBe(uuid);
  });

  it('may be nil, as in the kernel', () => {
    expect(parseUUIDText('00000000-0000-0000-0000-000000000000')).toBe('00000000-0000-0000-0000-000000000000');
  });

  it.each([
    ['', 'nothing'],
    ['\n', 'a newline alone'],
    [uuid.slice(1), '35 characters'],
    [`${uuid}x`, 'a 37th character'],
    [`${uuid}\n\n`, 'two newlines'],
    [`${uuid}\r\n`, 'a carriage return'],
    [`${uuid}:params`, 'what v7 took for parameters'],
    [` ${uuid}`, 'a space before'],
    [`{${uuid}}`, 'braces'],
    [`\n${uuid}`, 'a newline before'],
    [uuid.replace('a', 'g'), 'a letter that is no digit'],
    ['123456781234-1234-1234-1234-123456789abc', 'a misplaced dash'],
    [uuid.replaceAll('-', ''), 'no dashes'],
    [uuid.replace('1', '\uff11'), 'a digit of another script'],
    ['x'.repeat(1_000_000), 'a million characters'],
  ])('is EINVAL as %j: %s', (text) => {
    expect(() => parseUUIDText(text)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });
});
