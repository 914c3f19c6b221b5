import { describe, expect, it } from 'vitest';
import { isKnownFormat, parseDurationNanos, stringFormat } from './formats.ts';

describe('string formats', () => {
  it.each([
    ['uuid', ['12345678-1234-1234-1234-123456789abc', '123456781234123412341234567890AB'], ['', '12345678-1234-1234-1234-123456789abcd']],
    ['uuid4', ['12345678-1234-4234-8234-123456789abc'], ['12345678-1234-1234-8234-123456789abc']],
    ['date', ['2024-02-29'], ['2023-02-29', '2024-13-01']],
    ['date-time', ['2024-02-29T23:59:59Z', '2024-02-29t23:59:59.1+02:00'], ['2024-02-29', '2024-02-29T24:00:00Z', '2024-02-29 23:59:59Z']],
    ['byte', ['YWI=', 'YWJj'], ['', 'YWJj=', 'a']],
    ['ipv4', ['1.2.3.4', '01.2.3.4'], ['1.2.3', '::1']],
    ['ipv6', ['::1'], ['1.2.3.4', 'fe80::1%eth0']],
    ['cidr', ['10.0.0.0/8', '::/0'], ['10.0.0.0/33', '10.0.0.0']],
    ['mac', ['00:11:22:33:44:55', '0011.2233.4455', '001122334455'], ['00:11:22:33:44', '00:11-22:33:44:55']],
    ['hostname', ['a.example.com', 'host'], ['a_b', '-a']],
    ['uri', ['https://a.b/c?d', '/a/b', 'mailto:x'], ['', 'a/b', 'http://[::1']],
    ['email', ['a@b.c'], ['a']],
    ['duration', ['1h30m', '-1.5h', '2 days'], ['', 'x']],
    ['k8s-short-name', ['a-b'], ['A', 'a.b']],
    ['isbn', ['0321751043', '978-0321751041'], ['978-0321751042']],
    ['creditcard', ['4111 1111 1111 1111'], ['4111 1111 1111 1112']],
  ])('%s', (format, good, bad) => {
    const check = stringFormat(format);
    for (const text of good) expect([text, check?.(text)]).toEqual([text, true]);
    for (const text of bad) expect([text, check?.(text)]).toEqual([text, false]);
  });

  it('are known by type', () => {
    expect(isKnownFormat('string', 'datetime')).toBe(true);
    expect(isKnownFormat('integer', 'int32')).toBe(true);
    expect(isKnownFormat('integer', 'uuid')).toBe(false);
    expect(isKnownFormat('string', 'bogus')).toBe(false);
  });
});

describe('a duration', () => {
  it('is nanoseconds', () => {
    expect(parseDurationNanos('1h0.5s')).toBe(3_600_500_000_000n);
    expect(parseDurationNanos('-2us')).toBe(-2_000n);
    expect(parseDurationNanos('1 week')).toBe(604_800_000_000_000n);
    expect(parseDurationNanos('soon')).toBeUndefined();
  });
});
