import { describeProviderContract } from '../../provider/contract.ts';
import { sysfs } from './sysfs-subject.ts';

describeProviderContract(sysfs);
