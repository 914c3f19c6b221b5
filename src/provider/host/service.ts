import { once } from 'node:events';
import type { Service } from '../remote/server.ts';
import type { HostControl } from './contract.ts';
import * as wire from './protocol.ts';

/** Serves the hands of others, beside a provider. */
export function hostService(host: HostControl): Service {
  return (connection) => {
    connection.handle(wire.foreignCreateCall, async (request, signal) => {
      await host.foreignCreate(request, signal);
      return null;
    });
    connection.handle(wire.removeByHandCall, async ({ id }, signal) => {
      await host.removeByHand(id, signal);
      return null;
    });
    connection.stream(wire.holdOpenStream, async function* ({ id, user }, signal) {
      await using _hold = await host.holdOpen(id, user, signal);
      yield { open: true } as const;
      if (!signal.aborted) await once(signal, 'abort');
    });
    connection.handle(wire.unloadParentCall, async ({ name }, signal) => {
      await host.unloadParent(name, signal);
      return null;
    });
    connection.handle(wire.loadParentCall, async ({ name }, signal) => {
      await host.loadParent(name, signal);
      return null;
    });
    connection.handle(wire.injectFaultCall, async (fault, signal) => {
      await host.injectFault(fault, signal);
      return null;
    });
    connection.handle(wire.clearFaultsCall, async (filter, signal) => {
      await host.clearFaults(filter, signal);
      return null;
    });
    connection.handle(wire.stateCall, (_, signal) => host.state(signal));
  };
}
