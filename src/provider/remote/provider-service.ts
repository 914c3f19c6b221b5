import type { MdevProvider } from '../contract.ts';
import * as wire from './provider-protocol.ts';
import type { Service } from './server.ts';

/** Serves a provider: each call of a client is the same call of `provider`. */
export function providerService(provider: MdevProvider): Service {
  return (connection) => {
    connection.handle(wire.infoCall, (_, signal) => provider.info(signal));
    connection.handle(wire.listParentsCall, async (_, signal) => [...(await provider.listParents(signal))]);
    connection.handle(wire.getParentCall, ({ name }, signal) => provider.getParent(name, signal));
    connection.handle(wire.listDevicesCall, async (_, signal) => [...(await provider.listDevices(signal))]);
    connection.handle(wire.getDeviceCall, async ({ id }, signal) => (await provider.getDevice(id, signal)) ?? null);
    connection.handle(wire.createCall, (request, signal) => provider.create(request, signal));
    connection.handle(wire.removeCall, async ({ id }, signal) => {
      await provider.remove(id, signal);
      return null;
    });
    connection.handle(wire.setAttributeCall, async ({ id, name, value }, signal) => {
      await provider.setAttribute(id, name, value, signal);
      return null;
    });
    connection.handle(wire.readAttributesCall, async ({ id }, signal) => [...(await provider.readAttributes(id, signal))]);
    connection.handle(wire.setOnlineCall, async ({ id, online }, signal) => {
      await provider.setOnline(id, online, signal);
      return null;
    });
    connection.handle(wire.setGroupCall, async ({ ids }, signal) => {
      await provider.setGroup(ids, signal);
      return null;
    });
    connection.handle(wire.usersCall, ({ id }, signal) => provider.users(id, signal));
    connection.handle(wire.listUsesCall, async (_, signal) => [...(await provider.listUses(signal))]);
    connection.stream(wire.watchStream, (_, signal) => provider.watch(signal));
  };
}
