import type { Errno } from '../lib/errno.ts';
import { ProviderError, type MdevProvider } from './contract.ts';

/** Told of every call of a provider. May not throw. */
export interface ProviderObserver {
  /** `error` is undefined when the call succeeded. A call that was given up by its caller is not told of. `seconds`: how long it took. */
  called(operation: ProviderOperation, error: ProviderError | undefined, seconds: number): void;
}

export type ProviderOperation = Exclude<keyof MdevProvider, 'watch' | 'close'>;

/** `OK`, or the errno of the failure: the label of a metric. */
export function errnoLabel(error: ProviderError | undefined): Errno | 'OK' {
  return error?.code ?? 'OK';
}

/** A provider that does what `provider` does, and tells `observer` of each call. @param monotonic ms */
export function observedProvider(provider: MdevProvider, observer: ProviderObserver, monotonic: () => number): MdevProvider {
  const observe = async <T>(operation: ProviderOperation, call: () => Promise<T>): Promise<T> => {
    const started = monotonic();
    const seconds = (): number => (monotonic() - started) / 1000;
    try {
      const result = await call();
      observer.called(operation, undefined, seconds());
      return result;
    } catch (error) {
      if (error instanceof ProviderError) observer.called(operation, error, seconds());
      throw error;
    }
  };
  return {
    info: (signal) => observe('info', () => provider.info(signal)),
    listParents: (signal) => observe('listParents', () => provider.listParents(signal)),
    getParent: (name, signal) => observe('getParent', () => provider.getParent(name, signal)),
    listDevices: (signal) => observe('listDevices', () => provider.listDevices(signal)),
    getDevice: (id, signal) => observe('getDevice', () => provider.getDevice(id, signal)),
    create: (request, signal) => observe('create', () => provider.create(request, signal)),
    remove: (id, signal) => observe('remove', () => provider.remove(id, signal)),
    setAttribute: (id, name, value, signal) => observe('setAttribute', () => provider.setAttribute(id, name, value, signal)),
    readAttributes: (id, signal) => observe('readAttributes', () => provider.readAttributes(id, signal)),
    setOnline: (id, online, signal) => observe('setOnline', () => provider.setOnline(id, online, signal)),
    setGroup: (ids, signal) => observe('setGroup', () => provider.setGroup(ids, signal)),
    users: (id, signal) => observe('users', () => provider.users(id, signal)),
    listUses: (signal) => observe('listUses', () => provider.listUses(signal)),
    watch: (signal) => provider.watch(signal),
    close: () => provider.close(),
  };
}
