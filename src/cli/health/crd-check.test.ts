import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { customResourceDefinitions } from '../../api/crds.ts';
import { group, version } from '../../api/group.ts';
import { ApiError, ConnectionError } from '../../kube/api-error.ts';
import { ManualClock } from '../../lib/manual-clock.ts';
import { CrdCheck } from './crd-check.ts';

/** An OpenAPI document with the CRDs of this version, those of `without` left out. */
function document(without: readonly string[] = []): object {
  const crds = [...customResourceDefinitions().values()] as unknown as {
    spec: { names: { kind: string }; versions: [{ schema: { openAPIV3Schema: object } }] };
  }[];
  const schemas = crds.flatMap(({ spec }) => {
    const { kind } = spec.names;
    if (without.includes(kind)) return [];
    const schema = { ...spec.versions[0].schema.openAPIV3Schema, 'x-kubernetes-group-version-kind': [{ group, version, kind }] };
    return [[`dev.mediated.${version}.${kind}`, schema]];
  });
  return { components: { schemas: Object.fromEntries(schemas) as object } };
}

describe('whether the CRDs are of this version', () => {
  let clock: ManualClock;
  let check: CrdCheck;
  let answer: () => unknown;
  let asked: number;
  let lines: string[];
  let stop: AbortController;
  let running: Promise<void>;

  beforeEach(() => {
    clock = new ManualClock();
    check = new CrdCheck();
    answer = () => document();
    asked = 0;
    lines = [];
    stop = new AbortController();
  });

  afterEach(async () => {
    stop.abort();
    await running;
  });

  async function start(): Promise<void> {
    const take = (_: object, message: string): void => void lines.push(message);
    const log = { debug: () => undefined, info: take, warn: take, error: take };
    const openapi = async (): Promise<unknown> => {
      asked += 1;
      return answer();
    };
    running = check.run({ reader: { openapi }, clock, log }, stop.signal);
    await clock.advance(1);
  }

  function watchBegins(resource = 'mdevdevices'): void {
    check.saw({ verb: 'watch', resource, code: 200, seconds: 0 });
  }

  it('asks once while all is well, and again when a watch of ours begins anew, at most once a minute', async () => {
    await start();
    expect([asked, check.reason()]).toEqual([1, undefined]);
    await clock.advance(600_000);
    expect(asked).toBe(1);
    watchBegins('leases');
    await clock.advance(1);
    expect(asked).toBe(1);
    watchBegins();
    await clock.advance(1);
    watchBegins();
    await clock.advance(30_000);
    expect(asked).toBe(2);
    // One that began meanwhile is not missed.
    await clock.advance(31_000);
    expect(asked).toBe(3);
  });

  it('names what is missing until it is there, in one line each', async () => {
    answer = () => document(['MdevClass']);
    await start();
    expect(check.reason()).toMatch(/the API server has no MdevClass\. Apply the CRDs of this version/);
    await clock.advance(60_000);
    expect(lines).toEqual(['the CRDs do not suffice']);
    answer = () => document();
    await clock.advance(6_000);
    expect(check.reason()).toBeUndefined();
  });

  it('names all kinds when none is there', async () => {
    answer = () => undefined;
    await start();
    expect(check.reason()).toMatch(/no MdevDevice, MdevParent, MdevClass and 1 more\./);
  });

  it('leaves it to others when it cannot ask', async () => {
    answer = () => {
      throw new ApiError(403, 'Forbidden', 'no');
    };
    await start();
    await clock.advance(600_000);
    expect([asked, check.reason()]).toEqual([1, undefined]);
    answer = () => {
      throw new ConnectionError('no answer');
    };
    watchBegins();
    await clock.advance(1);
    for (const _ of [1, 2, 3]) await clock.advance(5_000);
    expect(asked).toBe(5);
    expect([check.reason(), lines]).toEqual([undefined, []]);
  });
});
