import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Condition } from '../api/condition.ts';
import { deviceLost, lossStep, parentLost, saysLost } from './node-loss.ts';

const lastTransitionTime = '2026-01-01T00:00:00Z';

describe('what is said of a lost node', () => {
  it('names the time its agent was last heard, and what to do', () => {
    const { message, ...claim } = deviceLost('n1', { lastHeard: '2026-01-01T00:00:00Z', number: 1 });
    expect(claim).toEqual({ type: 'Ready', status: 'Unknown', reason: 'NodeLost' });
    expect(message).toContain('The agent of node n1 was last heard at 2026-01-01T00:00:00Z');
    expect(message).toContain('taint it node.kubernetes.io/out-of-service');
    expect(parentLost('n1', { lastHeard: undefined, number: 1 }).message).toContain('has never been heard');
  });

  it('is not taken for what is said of a device that waits for such a node', () => {
    const waits: Condition = { type: 'Ready', status: 'False', reason: 'NodeLost', message: '', lastTransitionTime };
    expect(saysLost([waits], 'Ready')).toBe(false);
    expect(saysLost([{ ...waits, status: 'Unknown' }], 'Ready')).toBe(true);
  });
});

describe('lossStep', () => {
  it.each([
    ['claims on an object of a lost node', { says: false, lost: 1, claimed: undefined }, 'Claim'],
    ['claims anew when a node is lost again', { says: false, lost: 2, claimed: 1 }, 'Claim'],
    ['says nothing twice', { says: true, lost: 2, claimed: 1 }, 'None'],
    ['leaves it to an agent that contradicts', { says: false, lost: 1, claimed: 1 }, 'None'],
    ['waits for the agent of a node that has returned', { says: true, lost: undefined, claimed: 1 }, 'None'],
    ['gives up its claim when the agent has taken over', { says: false, lost: undefined, claimed: 1 }, 'Release'],
    ['has nothing to do with other objects', { says: false, lost: undefined, claimed: undefined }, 'None'],
  ] as const)('%s', (_, facts, step) => {
    expect(lossStep(facts)).toBe(step);
  });

  it('writes at most once for a loss and once for a return, however often the agent contradicts', () => {
    const event = fc.constantFrom('lost', 'returned', 'agent says Ready', 'look');
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let says = false;
        let lost: number | undefined;
        let claimed: number | undefined;
        let losses = 0;
        let returns = 0;
        const writes = { Claim: 0, Release: 0 };
        for (const each of events) {
          if (each === 'lost' && lost === undefined) lost = ++losses;
          if (each === 'returned' && lost !== undefined) {
            lost = undefined;
            returns += 1;
          }
          if (each === 'agent says Ready') says = false;
          if (each !== 'look') continue;
          const step = lossStep({ says, lost, claimed });
          if (step === 'Claim') [says, claimed] = [true, lost];
          if (step === 'Release') claimed = undefined;
          if (step !== 'None') writes[step] += 1;
          expect(lossStep({ says, lost, claimed })).toBe('None');
        }
        expect(writes.Claim).toBeLessThanOrEqual(losses);
        expect(writes.Release).toBeLessThanOrEqual(returns);
      }),
    );
  });
});
