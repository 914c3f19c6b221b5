/** An I/O subchannel as vfio_ccw shows it: one region that carries a request in and its result out, and an interrupt when there is one. */
import { ErrnoError, errnoNumbers } from '../../../lib/errno.ts';
import type { DeviceModel, DeviceUser, IRQInit } from '../../vfio/model.ts';
import { inTurns } from '../turns.ts';
import { channelProgram } from './channel-program.ts';
import { IODevice } from './io-device.ts';
import type { ChannelEnd } from './io-region.ts';
import { ioFunction, IORegion, ioRegionSize, subchannelStatus } from './io-region.ts';

/** VFIO_CCW_*_IRQ_INDEX of linux/vfio.h. There are no channel reports. */
export const ccwIRQ = { io: 0, channelReport: 1, request: 2 } as const;

const irq: IRQInit = { count: 1, eventfd: true, maskable: false, automasked: false, noResize: false };

/**
 * Writing the region starts its request; the answer says whether it could be started, and so does the return code. A channel program
 * runs on its own; a request while one runs is refused with EBUSY and changes nothing. At its end the region shows the interruption
 * response, and the I/O interrupt is raised. Halt and clear have no place in this region, as in the kernel (it has another for them):
 * EOPNOTSUPP, as are requests in transport mode; a request for no function is EINVAL.
 */
export function ccwModel(): DeviceModel {
  const region = new IORegion();
  const device = new IODevice();
  let user: DeviceUser | undefined;
  /** The program that runs; its identity only. */
  let running: object | undefined;

  const start = (by: DeviceUser): void => {
    const program = {};
    running = program;
    const end = (result: ChannelEnd): void => {
      running = undefined;
      region.setEnd(result);
      by.trigger(ccwIRQ.io, 0);
    };
    inTurns(by, {
      work: channelProgram(by, region.request, device),
      isCurrent: () => running === program,
      onDone: end,
      onError: (error) => {
        end({
          address: region.request.programAddress,
          deviceStatus: 0,
          subchannelStatus: subchannelStatus.channelControlCheck,
          residual: 0,
        });
        throw error;
      },
    });
  };

  const clear = (): void => {
    running = undefined;
    region.clear();
    device.reset();
  };

  return {
    api: 'vfio-ccw',
    regions: [{ size: ioRegionSize, readable: true, writable: true }],
    irqs: [irq, { ...irq, count: 0 }, irq],
    open(opener) {
      user = opener;
    },
    close() {
      user = undefined;
      clear();
    },
    read(_region, offset, into) {
      refusePart(offset, into.length);
      into.set(region.content());
      return into.length;
    },
    write(_region, offset, from) {
      refusePart(offset, from.length);
      if (user === undefined) throw new ErrnoError('ENODEV', 'nobody has the device open');
      if (running !== undefined) throw new ErrnoError('EBUSY', 'a channel program runs');
      region.accept(from);
      const refusal = refusalOf(region);
      if (refusal !== undefined) {
        region.setReturnCode(errnoNumbers[refusal.code]);
        throw refusal;
      }
      start(user);
      return from.length;
    },
    reset: clear,
    request() {
      user?.trigger(ccwIRQ.request, 0);
    },
    dispose: () => undefined,
  };
}

/** @throws ErrnoError EINVAL for an access that is not the whole region */
function refusePart(offset: number, length: number): void {
  if (offset === 0 && length === ioRegionSize) return;
  throw new ErrnoError('EINVAL', `the I/O region is taken whole: ${ioRegionSize} bytes at 0, not ${length} at ${offset}`);
}

/** Why the request in the region cannot be started. */
function refusalOf(region: IORegion): ErrnoError | undefined {
  const { functions, request } = region;
  if ((functions & ioFunction.start) !== 0) {
    return request.transportMode ? new ErrnoError('EOPNOTSUPP', 'channel programs in transport mode are not known') : undefined;
  }
  if (functions !== 0) return new ErrnoError('EOPNOTSUPP', 'the I/O region takes the start function only');
  return new ErrnoError('EINVAL', 'the request asks for no function');
}
