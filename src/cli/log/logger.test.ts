import { beforeEach, describe, expect, it } from 'vitest';
import type { Logger } from 'pino';
import { RecordError } from '../../agent/record/record-store.ts';
import { ConnectionError, toApiError } from '../../kube/api-error.ts';
import { ManualClock } from '../../lib/manual-clock.ts';
import { ProviderError } from '../../provider/contract.ts';
import { createLogger } from './logger.ts';
import { Repeats } from './repeats.ts';

const token = `eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.${'A1b-_'.repeat(20)}.${'c2ln'.repeat(10)}`;

describe('the log', () => {
  let clock: ManualClock;
  let repeats: Repeats;
  let text: string;
  let log: Logger;

  beforeEach(() => {
    clock = new ManualClock();
    repeats = new Repeats(clock);
    text = '';
    log = createLogger('info', repeats, { write: (line) => void (text += line) });
  });

  /** What was written, line by line. */
  function lines(): Record<string, unknown>[] {
    return text
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  it('is one JSON object a line, with keys that stay', () => {
    log.child({ part: 'agent' }).warn({ device: 'ns/a', err: new ProviderError('ENOSPC', 'create', 'Cannot create: no room') }, 'failed');
    expect(lines()).toEqual([
      {
        level: 'warn',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
        part: 'agent',
        device: 'ns/a',
        err: { type: 'ProviderError', message: 'Cannot create: no room', errno: 'ENOSPC', step: 'create' },
        msg: 'failed',
      },
    ]);
  });

  it('tells causes in the line and no stack, but where the program itself is mistaken', () => {
    const cause = Object.assign(new Error('ENOSPC: no space left\non device'), { code: 'ENOSPC', errno: -28 });
    log.warn({ err: new Error('Cannot write', { cause }) }, 'a');
    log.error({ err: new TypeError('x is undefined') }, 'b');
    const [refused, mistake] = lines() as { err: Record<string, string> }[];
    expect(refused?.err).toEqual({ type: 'Error', message: 'Cannot write: ENOSPC: no space left; on device', errno: 'ENOSPC' });
    expect(mistake?.err['stack']).toContain('logger.test.ts');
  });

  it('tells a fault of the API server once for all it holds up, with what to do, and again when it was mended meanwhile', () => {
    const refusal = (what: string): Error => toApiError(what, 401, { reason: 'Unauthorized', message: 'Unauthorized' });
    log.warn({ resource: 'mdevdevices', err: refusal('list mdevdevices') }, 'cannot follow a resource');
    for (let index = 0; index < 100; index += 1) log.error({ device: `ns/${index}`, err: refusal(`apply ${index}`) }, 'cannot write');
    expect(lines()).toMatchObject([{ fault: 'TokenRefused', advice: expect.stringContaining('give a token') as string }]);
    expect(repeats.faultTold).toBe(true);
    repeats.forgetFaults();
    expect(repeats.faultTold).toBe(false);
    log.warn({ err: refusal('list nodes') }, 'cannot follow a resource');
    expect(lines()).toHaveLength(2);
  });

  it('tells a full disk once, however many records cannot be written, and how often it kept that back', async () => {
    const full = (uuid: string): RecordError =>
      new RecordError(`Cannot write the ownership record of ${uuid}: ENOSPC`, {
        cause: Object.assign(new Error('full'), { code: 'ENOSPC', errno: -28 }),
      });
    for (const uuid of ['a', 'b', 'c']) log.info({ uuid, err: full(uuid) }, 'an action on a device failed');
    await clock.advance(5 * 60_000);
    log.info({ uuid: 'd', err: full('d') }, 'an action on a device failed');
    expect(lines()).toMatchObject([
      { uuid: 'a', fault: 'RecordFolder' },
      { uuid: 'd', repeated: 2 },
    ]);
  });

  it('does not write again what it says already, but what is about something else', () => {
    const cut = new ConnectionError('Cannot watch nodes: cut');
    for (const failures of [1, 2, 3]) log.warn({ resource: 'nodes', failures, err: cut }, 'cannot follow a resource, trying again');
    for (const node of ['a', 'a', 'b']) log.warn({ node }, 'node lost');
    for (const node of ['a', 'a']) log.info({ node }, 'hello');
    const odd = new Error('odd');
    for (const device of ['x', 'x', 'y']) log.error({ device, err: odd }, 'cannot decide');
    expect(lines().map((line) => [line['msg'], line['node'] ?? line['device'] ?? ''])).toEqual([
      ['cannot follow a resource, trying again', ''],
      ['node lost', 'a'],
      ['node lost', 'b'],
      ['hello', 'a'],
      ['hello', 'a'],
      ['cannot decide', 'x'],
      ['cannot decide', 'y'],
    ]);
  });

  it('tells two rights that are missing apart', () => {
    const missing = (resource: string): Error =>
      toApiError(`list ${resource}`, 403, {
        message: `${resource} is forbidden: User "agent" cannot list resource "${resource}" at the cluster scope`,
      });
    for (const resource of ['nodes', 'leases', 'nodes']) log.warn({ err: missing(resource) }, 'cannot follow a resource');
    expect(lines()).toMatchObject([{ fault: 'Forbidden' }, { fault: 'Forbidden' }]);
  });

  it('keeps everything back that looks like a credential, wherever it stands', () => {
    const secrets = [
      { headers: { authorization: `Bearer ${token}`, accept: 'application/json' } },
      { err: new Error(`the header was "Authorization: Bearer abcdef123456.7890"`) },
      { config: { users: [{ name: 'u', user: { token: 'secret-of-a-user', 'client-key-data': 'LS0tLS1CRUdJTiBSU0E=' } }] } },
      { text: JSON.stringify({ password: 'secret-of-a-user', nested: JSON.stringify({ token: 'secret-of-a-user' }) }) },
      { err: new Error('Cannot reach https://admin:secret-of-a-user@example.org/api') },
      { key: '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIsecret\n-----END EC PRIVATE KEY-----' },
      { body: token },
    ];
    for (const fields of secrets) log.warn(fields, 'x');
    for (const secret of [token, 'abcdef123456', 'secret-of-a-user', 'LS0tLS1CRUdJTiBSU0E=', 'MHcCAQEEI'])
      expect(text, secret).not.toContain(secret);
    expect(lines()).toHaveLength(secrets.length);
    expect(text).toContain('"accept":"application/json"');
  });

  it('leaves alone what only looks a little like one', () => {
    const fields = {
      uuid: '12345678-1234-1234-1234-123456789abc',
      url: 'https://127.0.0.1:6443/apis',
      msg2: 'the token is refused',
      tokenFile: '/var/run/token',
    };
    log.warn(fields, 'x');
    expect(lines()).toMatchObject([fields]);
  });
});
