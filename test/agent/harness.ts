import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootHost, type EmulatedHost } from '../../src/emulator/host.ts';
import type { Profile } from '../../src/emulator/profile.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { MdevProvider } from '../../src/provider/contract.ts';
import { EmulatedProvider } from '../../src/provider/emulated/provider.ts';
import { AgentNode, type AgentNodeInit } from './agent-node.ts';
import type { Cluster } from './cluster.ts';
import { testLogger } from './test-logger.ts';

/** A node whose kernel is emulated in the test's process. */
export class TestNode extends AgentNode {
  host: EmulatedHost;
  readonly #profile: Profile;

  private constructor(init: AgentNodeInit, profile: Profile, host: EmulatedHost) {
    super(init);
    this.#profile = profile;
    this.host = host;
  }

  static async boot(cluster: Cluster, name: string, profile: Profile, adoptNamespaces: string[] = []): Promise<TestNode> {
    const dataDir = await mkdtemp(join(tmpdir(), 'agent-node-'));
    const host = await bootHost(profile, { clock: systemClock, report: () => undefined });
    return new TestNode({ cluster, name, dataDir, adoptNamespaces }, profile, host);
  }

  /** Starts an agent and waits until it has read everything. */
  async start(provider: MdevProvider = this.provider(), client = this.cluster.client): Promise<void> {
    await this.startOn(provider, client);
  }

  provider(deadline = 10_000): MdevProvider {
    return new EmulatedProvider({ host: this.host, clock: systemClock, log: testLogger(), deadline });
  }

  /** Reboots the host; an agent must be stopped before. */
  async reboot(): Promise<void> {
    await this.host[Symbol.asyncDispose]();
    this.host = await bootHost(this.#profile, { clock: systemClock, report: () => undefined });
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.host[Symbol.asyncDispose]();
    await super[Symbol.asyncDispose]();
  }
}

/** The UUIDs of all devices of a host, ordered. */
export function uuidsOf(host: EmulatedHost): string[] {
  return host.bus
    .devices()
    .map(({ uuid }) => uuid)
    .sort();
}
