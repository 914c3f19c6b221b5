import { describe } from 'vitest';
import { attributesContract } from './contract/attributes.ts';
import { capacityContract } from './contract/capacity.ts';
import { connectionContract } from './contract/connection.ts';
import { createContract } from './contract/create.ts';
import { groupContract } from './contract/group.ts';
import { listContract } from './contract/list.ts';
import { onlineContract } from './contract/online.ts';
import { parentContract } from './contract/parent.ts';
import { raceContract } from './contract/race.ts';
import { removeContract } from './contract/remove.ts';
import { slowKernelContract } from './contract/slow-kernel.ts';
import { usersContract } from './contract/users.ts';
import { watchContract } from './contract/watch.ts';
import type { Subject } from './fixture.ts';

/** Everything `src/provider/contract.ts` promises, tried on one provider. */
export function describeProviderContract(subject: Subject): void {
  describe(`the provider contract, ${subject.name}`, () => {
    listContract(subject);
    createContract(subject);
    removeContract(subject);
    raceContract(subject);
    capacityContract(subject);
    attributesContract(subject);
    onlineContract(subject);
    groupContract(subject);
    usersContract(subject);
    parentContract(subject);
    watchContract(subject);
    slowKernelContract(subject);
    connectionContract(subject);
  });
}
