/**
 * Runs a channel program: the CCWs in the memory of the device's user, one after another. Source: z/Architecture Principles of
 * Operation, chapter 15.
 *
 * Known: formats 0 and 1, command chaining, transfer in channel, the flags SLI and SKIP. Data chaining and indirect data addressing are
 * program checks; suspension and program-controlled interruptions are not done.
 */
import { ErrnoError } from '../../../lib/errno.ts';
import type { DeviceUser } from '../../vfio/model.ts';
import type { IODevice } from './io-device.ts';
import type { ChannelEnd, OperationRequest } from './io-region.ts';
import { deviceStatus, subchannelStatus } from './io-region.ts';

/** CCWs of the longest program; a longer one ends with a program check. */
export const maxCCWs = 256;

interface CCW {
  readonly command: number;
  readonly flags: number;
  readonly count: number;
  readonly dataAddress: number;
}

const flag = { dataChain: 0x80, commandChain: 0x40, suppressLength: 0x20, skip: 0x10, indirect: 0x04, modifiedIndirect: 0x01 } as const;
const ccwSize = 8;
const ended = deviceStatus.channelEnd | deviceStatus.deviceEnd;

type Memory = Pick<DeviceUser, 'readMemory' | 'writeMemory'>;

/** Yields after each CCW. Refusals of the memory end the program with a check; other errors are thrown. */
export async function* channelProgram(memory: Memory, request: OperationRequest, device: IODevice): AsyncGenerator<void, ChannelEnd> {
  let address = request.programAddress;
  let transferred = true; // a program may not begin with a transfer in channel
  for (let used = 0; used < maxCCWs; used++) {
    const bytes = new Uint8Array(ccwSize);
    const checkAt = (check: number): ChannelEnd => ({ address: address + ccwSize, deviceStatus: 0, subchannelStatus: check, residual: 0 });
    // CCWs lie on doublewords.
    if (address % ccwSize !== 0) return checkAt(subchannelStatus.programCheck);
    const fetchCheck = await checkOf(() => memory.readMemory(BigInt(address), bytes));
    if (fetchCheck !== undefined) return checkAt(fetchCheck);
    const ccw = request.format1 ? parseFormat1(bytes) : parseFormat0(bytes);
    if (isTransfer(ccw, request.format1)) {
      if (transferred) return checkAt(subchannelStatus.programCheck);
      transferred = true;
      address = ccw.dataAddress;
      yield;
      continue;
    }
    transferred = false;
    const unknown = flag.dataChain | flag.indirect | flag.modifiedIndirect;
    if ((ccw.command & 0x0f) === 0 || (ccw.flags & unknown) !== 0) return checkAt(subchannelStatus.programCheck);
    address += ccwSize;
    const end = await execute(memory, ccw, device);
    const usual = end.deviceStatus === ended && end.subchannelStatus === 0;
    if (!usual || (ccw.flags & flag.commandChain) === 0) return { address, ...end };
    yield;
  }
  return { address, deviceStatus: 0, subchannelStatus: subchannelStatus.programCheck, residual: 0 };
}

async function execute(
  memory: Memory,
  { command, flags, count, dataAddress }: CCW,
  device: IODevice,
): Promise<Omit<ChannelEnd, 'address'>> {
  const action = device.command(command);
  switch (action.kind) {
    case 'none':
      return { deviceStatus: ended, subchannelStatus: 0, residual: count };
    case 'reject':
      return { deviceStatus: ended | deviceStatus.unitCheck, subchannelStatus: 0, residual: count };
    case 'give': {
      const bytes = action.bytes.subarray(0, count);
      const check =
        (flags & flag.skip) !== 0 || bytes.length === 0 ? undefined : await checkOf(() => memory.writeMemory(BigInt(dataAddress), bytes));
      return transferEnd(check, flags, count - bytes.length, action.bytes.length > count);
    }
    case 'take': {
      const bytes = new Uint8Array(Math.min(count, action.limit));
      const check = bytes.length === 0 ? undefined : await checkOf(() => memory.readMemory(BigInt(dataAddress), bytes));
      if (check === undefined) action.accept(bytes);
      return transferEnd(check, flags, count - bytes.length, false);
    }
  }
}

function transferEnd(check: number | undefined, flags: number, residual: number, cut: boolean): Omit<ChannelEnd, 'address'> {
  const wrongLength = (residual > 0 || cut) && (flags & flag.suppressLength) === 0;
  return { deviceStatus: ended, subchannelStatus: check ?? (wrongLength ? subchannelStatus.incorrectLength : 0), residual };
}

/** The check that stands for a refused access to memory; undefined if it was done. */
async function checkOf(access: () => Promise<void>): Promise<number | undefined> {
  try {
    await access();
    return undefined;
  } catch (error) {
    if (!(error instanceof ErrnoError)) throw error;
    return error.code === 'EPERM' ? subchannelStatus.protectionCheck : subchannelStatus.programCheck;
  }
}

function isTransfer({ command }: CCW, format1: boolean): boolean {
  return format1 ? command === 0x08 : (command & 0x0f) === 0x08;
}

function parseFormat0(bytes: Uint8Array): CCW {
  const view = new DataView(bytes.buffer);
  return { command: view.getUint8(0), flags: view.getUint8(4), count: view.getUint16(6), dataAddress: view.getUint32(0) & 0x00ff_ffff };
}

function parseFormat1(bytes: Uint8Array): CCW {
  const view = new DataView(bytes.buffer);
  return { command: view.getUint8(0), flags: view.getUint8(1), count: view.getUint16(2), dataAddress: view.getUint32(4) & 0x7fff_ffff };
}
