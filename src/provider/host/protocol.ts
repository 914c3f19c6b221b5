import { z } from 'zod';
import type { Fault, FaultFilter } from '../../emulator/host.ts';
import { isErrno, type Errno } from '../../lib/errno.ts';
import type { DeviceUser } from '../contract.ts';
import { noParams, nothing, type Call, type Stream } from '../remote/protocol.ts';
import { attributeSchema, deviceUserSchema, text } from '../remote/provider-schemas.ts';
import type { ForeignCreate, HostState } from './contract.ts';

/** HostControl, method by method, as it goes over the socket beside the provider's calls. */

const byID = z.object({ id: text });
const byName = z.object({ name: text });
const operation = z.enum(['create', 'remove', 'online', 'attribute', 'open']);

const faultSchema: z.ZodType<Fault> = z.object({
  parent: text,
  operation,
  outcome: z.union([z.literal('hang'), z.custom<Errno>(isErrno, 'not the name of an errno')]),
  times: z.number().int().positive().exactOptional(),
});

const count = z.number().int().nonnegative();

const stateSchema: z.ZodType<HostState> = z.object({
  bootID: text,
  parents: z.array(
    z.object({
      name: text,
      state: z.enum(['live', 'leaving', 'unloaded']),
      types: z.array(z.object({ id: text, availableInstances: count, instances: count })),
    }),
  ),
  devices: z.array(
    z.object({
      id: text,
      parent: text,
      typeID: text,
      state: z.enum(['creating', 'live', 'removing']),
      params: text.exactOptional(),
      online: z.boolean().exactOptional(),
      group: count.exactOptional(),
      users: z.array(deviceUserSchema),
      claimed: z.boolean(),
      attributes: z.array(attributeSchema),
    }),
  ),
  faults: z.array(faultSchema),
  hanging: count,
});

export const foreignCreateCall: Call<ForeignCreate, null> = {
  name: 'host/foreignCreate',
  step: 'create',
  params: z.object({ id: text, parent: text, typeID: text, params: text.exactOptional() }),
  result: nothing,
};

export const removeByHandCall: Call<{ id: string }, null> = {
  name: 'host/removeByHand',
  step: 'remove',
  params: byID,
  result: nothing,
};

/** Tells once that the device is open; it is closed when the call ends. */
export const holdOpenStream: Stream<{ id: string; user: DeviceUser }, { open: true }> = {
  name: 'host/holdOpen',
  step: 'users',
  params: z.object({ id: text, user: deviceUserSchema }),
  event: z.object({ open: z.literal(true) }),
};

export const unloadParentCall: Call<{ name: string }, null> = {
  name: 'host/unloadParent',
  step: 'list',
  params: byName,
  result: nothing,
};

export const loadParentCall: Call<{ name: string }, null> = {
  name: 'host/loadParent',
  step: 'list',
  params: byName,
  result: nothing,
};

export const injectFaultCall: Call<Fault, null> = {
  name: 'host/injectFault',
  step: 'list',
  params: faultSchema,
  result: nothing,
};

export const clearFaultsCall: Call<FaultFilter, null> = {
  name: 'host/clearFaults',
  step: 'list',
  params: z.object({ parent: text.exactOptional(), operation: operation.exactOptional() }),
  result: nothing,
};

export const stateCall: Call<object, HostState> = {
  name: 'host/state',
  step: 'list',
  params: noParams,
  result: stateSchema,
};
