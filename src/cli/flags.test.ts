import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addFlags, readFlags, type FlagKey, type Options } from './flags.ts';

function parse<K extends FlagKey>(keys: readonly K[], ...args: string[]): Options<K> {
  const command = addFlags(new Command('x').exitOverride(), keys);
  command.parse(args, { from: 'user' });
  return readFlags(command, keys);
}

describe('the flags', () => {
  it('have defaults that keep everything on this machine', () => {
    expect(parse(['listen', 'dataDir', 'metricsListen', 'apply', 'provider'])).toEqual({
      listen: { host: '127.0.0.1', port: 0 },
      dataDir: './.mdev-operator',
      metricsListen: undefined,
      apply: [],
      provider: 'emulated',
    });
  });

  it('take addresses of both families', () => {
    expect(parse(['listen'], '--listen', '[::1]:6443').listen).toEqual({ host: '::1', port: 6443 });
    expect(parse(['listen'], '--listen', 'localhost:0').listen).toEqual({ host: 'localhost', port: 0 });
  });

  it('gather what may be given more than once', () => {
    expect(parse(['apply'], '--apply', 'a.yaml', '--apply', 'dir').apply).toEqual(['a.yaml', 'dir']);
  });

  it.each([
    ['listen', '--listen', '6443', /^--listen: must be HOST:PORT/],
    ['listen', '--listen', 'localhost:99999', /^--listen: the port must be at most 65535/],
    ['provider', '--provider', 'magic', /^--provider: must be emulated or sysfs/],
    ['nodeName', '--node-name', 'Node_1', /^--node-name: must be a lower-case DNS name/],
    ['dataDir', '--data-dir', '', /^--data-dir: must not be empty/],
    ['logLevel', '--log-level', 'loud', /^--log-level: must be trace/],
  ] as const)('refuse a bad %s in one line that names the flag', (key, flag, value, message) => {
    expect(() => parse([key], flag, value)).toThrow(message);
    expect(() => parse([key], flag, value)).not.toThrow(/\n/);
  });
});
