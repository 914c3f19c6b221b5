import { describeProviderContract } from './contract.ts';
import { inProcess, overSocket } from './emulated-subjects.ts';

describeProviderContract(inProcess);
describeProviderContract(overSocket);
