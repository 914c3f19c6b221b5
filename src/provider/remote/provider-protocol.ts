import { z } from 'zod';
import type { Attribute, CreateRequest, Device, DeviceUse, Parent, ProviderEvent, ProviderInfo, Users } from '../contract.ts';
import { noParams, nothing, type Call, type Stream } from './protocol.ts';
import {
  attributeSchema,
  deviceSchema,
  deviceUseSchema,
  eventSchema,
  infoSchema,
  parentSchema,
  text,
  usersSchema,
} from './provider-schemas.ts';

/** MdevProvider, method by method, as it goes over the socket. */

const byID = z.object({ id: text });

export const infoCall: Call<object, ProviderInfo> = {
  name: 'provider/info',
  step: 'list',
  params: noParams,
  result: infoSchema,
};

export const listParentsCall: Call<object, Parent[]> = {
  name: 'provider/listParents',
  step: 'list',
  params: noParams,
  result: z.array(parentSchema),
};

export const getParentCall: Call<{ name: string }, Parent> = {
  name: 'provider/getParent',
  step: 'list',
  params: z.object({ name: text }),
  result: parentSchema,
};

export const listDevicesCall: Call<object, Device[]> = {
  name: 'provider/listDevices',
  step: 'list',
  params: noParams,
  result: z.array(deviceSchema),
};

/** null stands for undefined, which JSON has not. */
export const getDeviceCall: Call<{ id: string }, Device | null> = {
  name: 'provider/getDevice',
  step: 'list',
  params: byID,
  result: deviceSchema.nullable(),
};

export const createCall: Call<CreateRequest, Device> = {
  name: 'provider/create',
  step: 'create',
  params: z.object({ id: text, parent: text, typeID: text, params: text.exactOptional(), bootID: text.exactOptional() }),
  result: deviceSchema,
};

export const removeCall: Call<{ id: string }, null> = {
  name: 'provider/remove',
  step: 'remove',
  params: byID,
  result: nothing,
};

export const setAttributeCall: Call<{ id: string; name: string; value: string }, null> = {
  name: 'provider/setAttribute',
  step: 'attribute',
  params: z.object({ id: text, name: text, value: text }),
  result: nothing,
};

export const readAttributesCall: Call<{ id: string }, Attribute[]> = {
  name: 'provider/readAttributes',
  step: 'attribute',
  params: byID,
  result: z.array(attributeSchema),
};

export const setOnlineCall: Call<{ id: string; online: boolean }, null> = {
  name: 'provider/setOnline',
  step: 'online',
  params: z.object({ id: text, online: z.boolean() }),
  result: nothing,
};

export const setGroupCall: Call<{ ids: string[] }, null> = {
  name: 'provider/setGroup',
  step: 'group',
  params: z.object({ ids: z.array(text).max(1024) }),
  result: nothing,
};

export const usersCall: Call<{ id: string }, Users> = {
  name: 'provider/users',
  step: 'users',
  params: byID,
  result: usersSchema,
};

export const listUsesCall: Call<object, DeviceUse[]> = {
  name: 'provider/listUses',
  step: 'users',
  params: noParams,
  result: z.array(deviceUseSchema),
};

export const watchStream: Stream<object, ProviderEvent> = {
  name: 'provider/watch',
  step: 'list',
  params: noParams,
  event: eventSchema,
};
