import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeResource, deviceResource, parentResource } from '../kube/resource.ts';
import type { Condition } from '../api/condition.ts';
import { countConditions } from '../api/condition-counts.ts';
import { mdevDeviceSchema, type MdevDevice } from '../api/mdev-device.ts';
import { mdevParentSchema, type MdevParent } from '../api/mdev-parent.ts';
import { isAborted, pause } from '../kube/abort.ts';
import type { KubeClient } from '../kube/client.ts';
import { EventRecorder } from '../kube/events.ts';
import { agentLeaseKey } from '../kube/lease.ts';
import type { Log } from '../kube/log.ts';
import { Reflector } from '../kube/reflector.ts';
import { Store } from '../kube/store.ts';
import { noTelemetry, type KubeTelemetry } from '../kube/telemetry.ts';
import type { Clock } from '../lib/clock.ts';
import { tryLock } from '../lib/lock.ts';
import type { MdevProvider } from '../provider/contract.ts';
import { handleRequest } from './admin-requests.ts';
import { lockFile, recordsDirectory } from './admin.ts';
import { DeviceController } from './device-controller.ts';
import { createDeviceStore } from './device-store.ts';
import { DeviceWriter } from './device-writer.ts';
import { noMetrics, type AgentMetrics } from './metrics.ts';
import { ensureLeaseNamespace, findClusterUID, findNode, keepNodeLease, type NodeIdentity, type NodeLeaseOptions } from './node.ts';
import { ParentPublisher } from './parents.ts';
import { readPinSamples } from './pin-samples.ts';
import { ProviderState } from './provider-state.ts';
import { RecordStore } from './record/record-store.ts';
import { RecordWatch } from './record/record-watch.ts';
import { serveRequests } from './requests.ts';
import { agentIdentity, becomeSoleAgent } from './sole-agent.ts';
import { sweep } from './sweep.ts';

/** A node is lost after so long without a word of its agent, seconds. */
const usualLeaseDuration = 40;

export interface AgentOptions {
  readonly client: KubeClient;
  readonly provider: MdevProvider;
  /** The name under which this node is registered. */
  readonly nodeName: string;
  /** The agent's own directory: ownership records, lock, requests. Made if missing, 0700. */
  readonly dataDir: string;
  /** Namespaces in which spec.adopt is allowed; `*` is all. */
  readonly adoptNamespaces: readonly string[];
  /** Make the Node object if it is missing: where there is no kubelet. */
  readonly registerNode: boolean;
  /** Renew Lease kube-node-lease/mdev-NODE; true if left out. */
  readonly nodeLease?: boolean;
  /** After this time without a renewal the controller calls the node lost, seconds; 40 if left out. */
  readonly leaseDuration?: number;
  /** How often is looked at what no kernel announces (opening, closing, a parent that begins to leave), ms; 20 s if left out. */
  readonly recheckInterval?: number;
  readonly clock: Clock;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics?: AgentMetrics;
  readonly telemetry?: KubeTelemetry;
  /** Called once, when objects and devices have been read and everything is being kept up to date. */
  readonly onSynced?: () => void;
}

/** How long a kernel may take to answer at the start before devices are said to be unavailable, ms. */
const kernelGrace = 3_000;

/** Field managers and managed fields are of no use here and larger than the rest. */
function lean<T extends { metadata: object }>(object: T): T {
  const metadata: { managedFields?: unknown } = object.metadata;
  delete metadata.managedFields;
  return object;
}

/** Whether a condition of a device is an agent's to write: it alone counts those. */
function isOurs({ type }: Condition): boolean {
  return type !== 'Allocated';
}

/** Tries `step` until it succeeds, with a growing delay. @throws the signal's reason */
async function insist<T>(what: string, step: () => Promise<T>, { clock, log }: AgentOptions, signal: AbortSignal): Promise<T> {
  for (let delay = 200; ; delay = Math.min(delay * 2, 5_000)) {
    try {
      return await step();
    } catch (error) {
      if (isAborted(signal)) throw error;
      log.warn({ err: error, delay }, `cannot ${what}, trying again`);
    }
    if (!(await pause(clock, delay, signal))) signal.throwIfAborted();
  }
}

async function loadRecords(dataDir: string, log: Log, folder: RecordWatch): Promise<RecordStore> {
  const records = new RecordStore(recordsDirectory(dataDir), (error) => folder.wrote(error));
  for (const { uuid, path, cause } of await records.load())
    log.error({ uuid, path, err: cause }, 'an ownership record cannot be read; its device is left alone until an administrator decides');
  await records.tryWriting();
  return records;
}

/** Says once per boot, on the Node, how many devices a reboot has taken; they are made again. */
function rebootTeller(
  options: AgentOptions,
  node: NodeIdentity,
  events: EventRecorder,
  records: RecordStore,
  state: () => ProviderState,
): () => void {
  let told: string | undefined;
  return () => {
    const { bootID } = state();
    if (bootID === undefined || bootID === told) return;
    told = bootID;
    const lost = records.all().filter((record) => record.bootID !== bootID && record.step !== 'creating').length;
    if (lost === 0) return;
    options.log.info({ devices: lost, bootID }, 'devices were lost in a reboot and are made again');
    const target = { apiVersion: 'v1', kind: nodeResource.kind, metadata: { name: node.name, uid: node.uid } };
    const message = `${lost} mediated devices were lost in a reboot; they are made again under their UUIDs.`;
    events.record(target, { type: 'Warning', reason: 'DeviceLost', message });
  };
}

/** The agent from the point on where lock, records and identities are at hand. */
async function reconcileNode(
  options: AgentOptions,
  records: RecordStore,
  node: NodeIdentity,
  clusterUID: string,
  agentLease: Pick<NodeLeaseOptions, 'identity' | 'durationSeconds'>,
  signal: AbortSignal,
): Promise<void> {
  const { client, provider, nodeName, clock, random, log, dataDir, telemetry = noTelemetry } = options;
  const metrics = options.metrics ?? noMetrics;
  metrics.pinsFrom((stop) => readPinSamples(provider, records, stop));
  const events = new EventRecorder({ client, clock, random, log, component: 'mdev-agent', instance: nodeName });
  const devices = createDeviceStore(clusterUID);
  const parents = new Store<MdevParent>({});
  metrics.conditionsFrom(() => countConditions(devices.list().flatMap(({ status }) => status?.conditions?.filter(isOurs) ?? [])));
  const writer = new DeviceWriter({ client, clock, events, devices });
  const tellReboot = rebootTeller(options, node, events, records, () => state);
  const firstRead = Promise.withResolvers<undefined>();
  let synced = false;
  const announce = (): void => {
    if (synced || state.bootID === undefined || !deviceReflector.synced || !parentReflector.synced) return;
    synced = true;
    options.onSynced?.();
  };
  const state: ProviderState = new ProviderState({
    provider,
    clock,
    random,
    log,
    telemetry,
    onSync: () => {
      tellReboot();
      controller.addAll();
      publisher.notifyAll();
      firstRead.resolve(undefined);
      announce();
    },
    onParent: (parent, change) => {
      publisher.notify(parent);
      if (change === 'eased') controller.onEased(parent);
      if (change === 'leaving') controller.onParentLeaving(parent);
    },
    onDevice: (uuid) => controller.onDevice(uuid),
    isActingOn: (uuid) => controller.isActingOn(uuid),
  });
  const readNode = (stop: AbortSignal): Promise<NodeIdentity> => findNode(client, nodeName, options.registerNode, stop);
  const publisher = new ParentPublisher({
    client,
    clock,
    random,
    log,
    metrics,
    telemetry,
    nodeName,
    findNode: readNode,
    state,
    records,
    parents,
    devices,
  });
  const controller = new DeviceController({ ...options, metrics, telemetry, clusterUID, state, records, devices, parents, writer });
  const deviceReflector = new Reflector<MdevDevice, 'uuid' | 'group'>({
    client,
    resource: deviceResource,
    selection: { fieldSelector: `status.allocation.nodeName=${nodeName}` },
    parse: (object) => lean(mdevDeviceSchema.parse(object)),
    store: devices,
    onChange: (key) => {
      if (writer.takeEcho(key)) return;
      controller.add(key);
      if (!devices.has(key)) controller.onObjectGone();
      const [namespace = '', name = ''] = key.split('/');
      for (const record of records.ofOwner(namespace, name)) publisher.notify(record.parent);
    },
    onState: (phase) => {
      if (phase === 'Listing') for (const key of writer.forgetWritten()) controller.add(key);
    },
    clock,
    random,
    log,
    telemetry,
  });
  const parentReflector = new Reflector<MdevParent>({
    client,
    resource: parentResource,
    selection: { fieldSelector: `spec.nodeName=${nodeName}` },
    parse: (object) => lean(mdevParentSchema.parse(object)),
    store: parents,
    onChange: (key) => {
      publisher.onObject(key);
      controller.onEased('');
    },
    onState: (phase) => {
      if (phase === 'Listing') publisher.onListing();
    },
    clock,
    random,
    log,
    telemetry,
  });
  // Nothing is decided before all objects are known: an object not read yet must not look like one that is missing.
  const whenSynced = async (run: () => Promise<void>): Promise<void> => {
    await Promise.all([deviceReflector.whenSynced(signal), parentReflector.whenSynced(signal)]);
    // A kernel that answers late is no reason to call every device unavailable at each start.
    await Promise.race([firstRead.promise, pause(clock, kernelGrace, signal)]);
    announce();
    await run();
  };
  await Promise.all([
    events.run(signal),
    deviceReflector.run(signal),
    parentReflector.run(signal),
    state.run(signal),
    whenSynced(() => controller.run(signal)),
    whenSynced(() => publisher.run(signal)),
    whenSynced(() =>
      serveRequests({ dataDir, log, handle: (uuid, request) => handleRequest(uuid, request, { records, devices, controller }) }, signal),
    ),
    whenSynced(() =>
      sweep(
        {
          interval: options.recheckInterval ?? 20_000,
          state,
          provider,
          records,
          devices,
          clock,
          log,
          onChange: (key) => controller.add(key),
        },
        signal,
      ),
    ),
    ...((options.nodeLease ?? true)
      ? [keepNodeLease({ client, clock, log, nodeName, ...agentLease, node, findNode: readNode }, signal)]
      : []),
  ]);
}

/**
 * The agent of one node: makes the mediated devices of the node match the MdevDevices allocated to it, and publishes its
 * MdevParents. Runs until `signal` is aborted, then resolves; what is under way in the kernel is found again at the next start.
 * @throws Error when another agent holds the data directory, or lives for the same node with another one; LeaseTaken when such a one takes over; RecordError when the records cannot be read
 */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const { client, dataDir, nodeName, registerNode, nodeLease = true, log } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  using lock = tryLock(join(dataDir, lockFile));
  if (lock === undefined) throw new Error(`Cannot start: another agent runs on ${dataDir}`);
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  try {
    const metrics = options.metrics ?? noMetrics;
    const folder = new RecordWatch((error) => {
      if (error !== undefined) log.error({ err: error }, 'ownership records cannot be written');
      metrics.recordFolder(error);
    });
    const records = await insist('read the ownership records', () => loadRecords(dataDir, log, folder), options, stop);
    const clusterUID = await insist('read the UID of the cluster', () => findClusterUID(client, stop), options, stop);
    const node = await insist('find the Node', () => findNode(client, nodeName, registerNode, stop), options, stop);
    if (nodeLease && registerNode) await insist('make the namespace of Leases', () => ensureLeaseNamespace(client, stop), options, stop);
    const identity = await insist('name this agent', () => agentIdentity(dataDir, nodeName), options, stop);
    const agentLease = { identity, durationSeconds: options.leaseDuration ?? usualLeaseDuration };
    const lease = agentLeaseKey(nodeName);
    if (nodeLease) await becomeSoleAgent({ client, clock: options.clock, log, lease, nodeName, ...agentLease }, stop);
    log.info({ node: nodeName, records: records.all().length }, 'agent starts');
    try {
      await Promise.all([reconcileNode(options, records, node, clusterUID, agentLease, stop), folder.run(records, options.clock, stop)]);
    } finally {
      await records.written();
    }
  } catch (error) {
    if (!isAborted(signal)) throw error;
  } finally {
    failed.abort();
  }
}
