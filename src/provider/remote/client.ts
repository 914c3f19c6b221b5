import type { Attribute, CreateRequest, Device, DeviceUse, MdevProvider, Parent, ProviderEvent, ProviderInfo, Users } from '../contract.ts';
import { EventQueue } from '../event-queue.ts';
import type { Channel } from './channel.ts';
import { Link, type LinkInit } from './link.ts';
import { follow } from './follow.ts';
import * as wire from './provider-protocol.ts';

/**
 * A provider that is served on a UNIX socket elsewhere. Connects when first used. A call that finds nobody there, or whose
 * connection breaks, fails with EIO at step `connect`: whether the kernel did it must then be looked up.
 */
export class RemoteProvider implements MdevProvider {
  readonly #init: LinkInit;
  readonly #link: Link;
  readonly #over = new AbortController();
  readonly #infos = new WeakMap<Channel, ProviderInfo>();

  constructor(init: LinkInit) {
    this.#init = init;
    this.#link = new Link(init);
  }

  /** Asked once a connection: a server does not outlive the kernel that it serves. */
  async info(signal: AbortSignal): Promise<ProviderInfo> {
    const channel = await this.#link.channel(signal);
    const known = this.#infos.get(channel);
    if (known !== undefined) return known;
    const info = await this.#link.request(wire.infoCall, {}, signal);
    if ((await this.#link.channel(signal)) === channel) this.#infos.set(channel, info);
    return info;
  }

  listParents(signal: AbortSignal): Promise<readonly Parent[]> {
    return this.#link.request(wire.listParentsCall, {}, signal);
  }

  getParent(name: string, signal: AbortSignal): Promise<Parent> {
    return this.#link.request(wire.getParentCall, { name }, signal);
  }

  listDevices(signal: AbortSignal): Promise<readonly Device[]> {
    return this.#link.request(wire.listDevicesCall, {}, signal);
  }

  async getDevice(id: string, signal: AbortSignal): Promise<Device | undefined> {
    return (await this.#link.request(wire.getDeviceCall, { id }, signal)) ?? undefined;
  }

  create(request: CreateRequest, signal: AbortSignal): Promise<Device> {
    return this.#link.request(wire.createCall, request, signal);
  }

  async remove(id: string, signal: AbortSignal): Promise<void> {
    await this.#link.request(wire.removeCall, { id }, signal);
  }

  async setAttribute(id: string, name: string, value: string, signal: AbortSignal): Promise<void> {
    await this.#link.request(wire.setAttributeCall, { id, name, value }, signal);
  }

  readAttributes(id: string, signal: AbortSignal): Promise<readonly Attribute[]> {
    return this.#link.request(wire.readAttributesCall, { id }, signal);
  }

  async setOnline(id: string, online: boolean, signal: AbortSignal): Promise<void> {
    await this.#link.request(wire.setOnlineCall, { id, online }, signal);
  }

  async setGroup(ids: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#link.request(wire.setGroupCall, { ids: [...ids] }, signal);
  }

  users(id: string, signal: AbortSignal): Promise<Users> {
    return this.#link.request(wire.usersCall, { id }, signal);
  }

  listUses(signal: AbortSignal): Promise<readonly DeviceUse[]> {
    return this.#link.request(wire.listUsesCall, {}, signal);
  }

  async *watch(signal: AbortSignal): AsyncGenerator<ProviderEvent, void, undefined> {
    const queue = new EventQueue();
    const ended = new AbortController();
    const until = AbortSignal.any([signal, ended.signal, this.#over.signal]);
    const following = follow(this.#link, this.#init, queue, until);
    try {
      yield* queue.drain(until);
    } finally {
      ended.abort();
      await following;
    }
  }

  async close(): Promise<void> {
    this.#over.abort();
    this.#link.close();
  }
}
