/** The serial card of the kernel's samples/vfio-mdev/mtty.c as a PCI function: one or two 16550A ports, each in an I/O BAR of its own. */
import { ErrnoError } from '../../../lib/errno.ts';
import type { DeviceModel, DeviceUser, ModelServices, PortStream } from '../../vfio/model.ts';
import type { PCIIdentity } from '../pci/config-space.ts';
import { ConfigSpace } from '../pci/config-space.ts';
import type { Bar, RegionHandler } from '../pci/function.ts';
import { pciFunction } from '../pci/function.ts';
import { IntxPin } from '../pci/intx.ts';
import { backendAttribute, defaultBackend, isPortBackend } from './backend.ts';
import { loopbackPlug, streamCable } from './cable.ts';
import { registerCount } from './registers.ts';
import { Uart } from './uart.ts';

/** A WCH CH352, a 16550-compatible card with two ports; what mtty.c calls itself. */
const identity: PCIIdentity = {
  vendorID: 0x4348,
  deviceID: 0x3253,
  subsystemVendorID: 0x4348,
  subsystemID: 0x3253,
  revision: 0x10,
  classCode: 0x070002,
};

/** The device with 1 or 2 ports. */
export function mttyModel(ports: 1 | 2, services: Pick<ModelServices, 'listen'>): DeviceModel {
  const bars = Array.from({ length: ports }, (_, index) => ({ index, kind: 'io', prefetchable: false, size: registerCount }) as const);
  const config = new ConfigSpace(identity, bars);
  const pin = new IntxPin(config);
  const uarts: readonly Uart[] = bars.map(
    () =>
      new Uart(() => {
        pin.set(uarts.some(({ interrupting }) => interrupting));
      }),
  );
  /** The streams of the ports that have one, while the device is open. */
  let streams: PortStream[] = [];

  const close = (): void => {
    for (const uart of uarts) uart.unplug();
    for (const stream of streams) stream.close();
    streams = [];
  };

  return pciFunction({
    config,
    pin,
    bars: bars.map((bar, index): Bar => ({ ...bar, handler: portRegisters(uarts[index] as Uart) })),
    open(user) {
      try {
        for (const [port, uart] of uarts.entries()) {
          const stream = plugIn(uart, port, user, services);
          if (stream !== undefined) streams.push(stream);
        }
      } catch (error) {
        close();
        throw error;
      }
    },
    close,
    reset() {
      for (const uart of uarts) uart.reset();
    },
  });
}

/** Connects a port with what its attribute says. @throws ErrnoError EINVAL for an unknown backend, or as `listen` */
function plugIn(uart: Uart, port: number, user: DeviceUser, services: Pick<ModelServices, 'listen'>): PortStream | undefined {
  const attribute = backendAttribute(port);
  const backend = user.attributes[attribute] ?? defaultBackend;
  if (!isPortBackend(backend)) throw new ErrnoError('EINVAL', `${attribute} is ${JSON.stringify(backend)}, which is no backend`);
  if (backend === 'loopback') {
    uart.plug(
      loopbackPlug((byte, status) => {
        uart.receive(byte, status);
      }),
    );
    return undefined;
  }
  const pump = (): void => {
    uart.pump();
  };
  const stream = services.listen(`port${port}`, { onReadable: pump, onWritable: pump });
  uart.plug(streamCable(stream, () => uart.mcr));
  return stream;
}

/** I/O ports: an access of several bytes is one to each of as many registers, lowest first. */
function portRegisters(uart: Uart): RegionHandler {
  return {
    read(offset, into) {
      for (let index = 0; index < into.length; index++) into[index] = uart.read(offset + index);
    },
    write(offset, from) {
      for (const [index, value] of from.entries()) uart.write(offset + index, value);
    },
  };
}
