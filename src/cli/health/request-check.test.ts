import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError, ConnectionError, toApiError } from '../../kube/api-error.ts';
import { RequestCheck } from './request-check.ts';

describe('whether the API server takes our requests', () => {
  let check: RequestCheck;

  beforeEach(() => {
    check = new RequestCheck();
  });

  function answer(code: number, error?: ApiError, verb: 'list' | 'apply' = 'list'): void {
    check.saw({ verb, resource: 'mdevdevices', code, seconds: 0, ...(error && { error }) });
  }

  function fails(error: ConnectionError): void {
    check.saw({ verb: 'list', resource: 'mdevdevices', code: 0, seconds: 0, error });
  }

  it('says so until one succeeds when the token is refused, and what to do', () => {
    answer(401, toApiError('list mdevdevices', 401, { reason: 'Unauthorized', message: 'Unauthorized' }));
    expect(check.reason()).toMatch(/^Cannot list mdevdevices: Unauthorized\. .*give a token that is valid/);
    answer(503, toApiError('list mdevdevices', 503, ''));
    expect(check.reason()).toMatch(/Unauthorized/); // an overloaded server has not looked at it
    answer(200);
    expect(check.reason()).toBeUndefined();
  });

  it('says so when nobody answers, and is content with any answer', () => {
    fails(new ConnectionError('Cannot list mdevdevices: connect ECONNREFUSED'));
    expect(check.reason()).toMatch(/ECONNREFUSED.*does not answer/);
    answer(404, toApiError('list mdevdevices', 404, ''));
    expect(check.reason()).toBeUndefined();
  });

  it('does not take a request that was given up for one without answer', () => {
    check.saw({ verb: 'list', resource: 'mdevdevices', code: 0, seconds: 1 });
    expect(check.reason()).toBeUndefined();
  });

  it('knows a missing right from a policy that refuses one object, and forgets it when that very request succeeds', () => {
    const policy = `mdevdevices.mediated.dev "a" is forbidden: ValidatingAdmissionPolicy 'x' denied request`;
    answer(403, toApiError('apply mdevdevices a', 403, { message: policy }), 'apply');
    expect(check.reason()).toBeUndefined();
    const right = 'mdevdevices.mediated.dev is forbidden: User "u" cannot patch resource "mdevdevices/status"';
    answer(403, toApiError('apply mdevdevices a', 403, { message: right }), 'apply');
    answer(200);
    expect(check.reason()).toMatch(/cannot patch.*rbac\.yaml/);
    answer(200, undefined, 'apply');
    expect(check.reason()).toBeUndefined();
  });

  it('tells a credential file that is not there from a server that does not answer', () => {
    const cause = Object.assign(new Error("ENOENT: no such file or directory, open '/var/run/token'"), { code: 'ENOENT', syscall: 'open' });
    fails(new ConnectionError(`Cannot list mdevdevices: ${cause.message}`, { cause }));
    expect(check.reason()).toMatch(/token.*give a token that is valid/);
  });
});
