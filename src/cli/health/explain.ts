import { RecordError } from '../../agent/record/record-store.ts';
import { group } from '../../api/group.ts';
import { ApiError, ConnectionError } from '../../kube/api-error.ts';
import { ProviderError } from '../../provider/contract.ts';

/** A fault of what this program stands on, not of one object: the same however many objects it holds up. */
export interface Fault {
  /** One word for programs. */
  readonly fault: 'TokenRefused' | 'Forbidden' | 'Crds' | 'ApiServerUnreachable' | 'ProviderUnreachable' | 'RecordFolder';
  /** What a person can do about it. */
  readonly advice: string;
}

/** The API server serves no CRDs of this version. */
export class OldCrdsError extends Error {
  readonly advice = 'Apply the CRDs of this version (kubectl apply -f crds/).';

  /** @param missing kinds, or fields of kinds */
  constructor(missing: readonly string[]) {
    const more = missing.length > named ? ` and ${missing.length - named} more` : '';
    super(`The CRDs are missing or older than this program: the API server has no ${missing.slice(0, named).join(', ')}${more}`);
    this.name = 'OldCrdsError';
  }
}

/** How many of what is missing are named. */
const named = 3;

/** Whether an API server says that it does not serve a resource at all: it says the same word of an object that is not there. */
export function isUnknownResource(error: ApiError): boolean {
  return error.code === 404 && /could not find the requested resource|page not found/.test(error.message);
}

/** Whether an authorizer, and not an admission policy, refuses: a right is missing. */
function isMissingRight(error: ApiError): boolean {
  return error.code === 403 && /User ".*" cannot /.test(error.message);
}

const tokenRefused: Fault = {
  fault: 'TokenRefused',
  advice:
    'The API server cannot be told who this is: give a token that is valid (in a pod, see that its service account exists), or another --kubeconfig. Files are read anew every few seconds.',
};

/** Whether a file of credentials could not be opened. */
function isUnreadableFile(cause: unknown): boolean {
  return cause instanceof Error && 'syscall' in cause && cause.syscall === 'open';
}

/** The fault that an error tells of; undefined for one that concerns a single object. */
export function explain(error: unknown): Fault | undefined {
  if (error instanceof ApiError) {
    if (error.code === 401) return tokenRefused;
    if (error.code === 400 && error.message.includes('field label not supported'))
      return { fault: 'Crds', advice: 'The CRDs are older than this program: apply those of this version (kubectl apply -f crds/).' };
    if (isUnknownResource(error))
      return {
        fault: 'Crds',
        advice: `The API server does not know the resource: install the CRDs of ${group} (kubectl apply -f crds/).`,
      };
    if (isMissingRight(error)) return { fault: 'Forbidden', advice: 'A right is missing: apply deploy/base/rbac.yaml of this version.' };
    return undefined;
  }
  if (error instanceof OldCrdsError) return { fault: 'Crds', advice: error.advice };
  if (error instanceof ConnectionError) {
    if (isUnreadableFile(error.cause)) return tokenRefused;
    return {
      fault: 'ApiServerUnreachable',
      advice: 'The API server does not answer: see that it runs and that the address and the CA of the kubeconfig are right.',
    };
  }
  if (error instanceof ProviderError && error.step === 'connect')
    return {
      fault: 'ProviderUnreachable',
      advice: 'The kernel, or its emulation, cannot be asked: see that the emulator runs, or what mdev-operator doctor says.',
    };
  if (error instanceof RecordError)
    return {
      fault: 'RecordFolder',
      advice:
        'The folder of the ownership records (--data-dir) cannot be used: free space or inodes there, or mend its rights. No device is made or removed meanwhile.',
    };
  return undefined;
}

/** What failed and what to do, in one line. */
export function sentence(error: Error): string {
  const fault = explain(error);
  const [message = ''] = error.message.split('\n');
  return fault === undefined ? message : `${message.replace(/\.$/, '')}. ${fault.advice}`;
}
