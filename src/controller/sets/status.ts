import { findCondition, toCondition, type Condition, type ConditionClaim } from '../../api/condition.ts';
import { setLabels } from '../../api/group.ts';
import type { DeviceSetStatus, MdevDeviceSet } from '../../api/mdev-device-set.ts';
import type { MdevDevice } from '../../api/mdev-device.ts';
import type { ProgressingReason, SetReadyReason } from '../../api/reasons.ts';
import type { SetDevice, SetPlan, SetSituation } from './plan.ts';
import { wantedOf } from './template.ts';

/** What the status of a set is made from. */
export interface SetReport {
  readonly situation: SetSituation;
  readonly plan: SetPlan;
  /** The object of a device, for what it says of itself. */
  readonly object: (name: string) => MdevDevice | undefined;
  /** Why a write failed, if one did. */
  readonly failure: string | undefined;
}

function verb(count: number): string {
  return count === 1 ? 'is' : 'are';
}

function devicesText(count: number): string {
  return count === 1 ? '1 device' : `${String(count)} devices`;
}

/** At most three of `names`, and how many more. */
function some(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${String(names.length - 3)} more` : shown;
}

/** What devices that are not Ready lack, in a few words each, the commonest first. */
function shortcomings(devices: readonly SetDevice[], missing: number, object: SetReport['object']): string[] {
  const groups = new Map<string, { count: number; example: string }>();
  const count = (what: string, example: string): void => {
    const group = groups.get(what);
    if (group === undefined) groups.set(what, { count: 1, example });
    else group.count += 1;
  };
  for (const { name, deleting } of devices) {
    const conditions = object(name)?.status?.conditions;
    const allocated = findCondition(conditions, 'Allocated');
    const ready = findCondition(conditions, 'Ready');
    if (deleting) count('being deleted', name);
    else if (allocated?.status === 'False') count('without a place', `${name}: ${allocated.message}`);
    else if (ready === undefined) count('not made yet', name);
    else count(ready.reason === 'Pending' ? 'being made' : `not Ready (${ready.reason})`, `${name}: ${ready.message}`);
  }
  const told = [...groups].sort(([, a], [, b]) => b.count - a.count);
  return [
    ...told.map(([what, { count: number, example }]) => `${String(number)} ${verb(number)} ${what}: ${example.replace(/\.+$/, '')}`),
    ...(missing > 0 ? [`${String(missing)} ${verb(missing)} to be created`] : []),
  ];
}

function readyClaim({ situation, object }: SetReport, desired: number): ConditionClaim {
  const claim = (status: 'True' | 'False', reason: SetReadyReason, message: string): ConditionClaim => ({
    type: 'Ready',
    status,
    reason,
    message,
  });
  const lacking = situation.devices.filter(({ ready, deleting }) => ready !== 'True' || deleting);
  const ready = situation.devices.length - lacking.length;
  if (situation.pools.length === 0) {
    return claim('False', 'NoNodes', 'No node matches the nodeSelector and has a parent that fits and offers the type.');
  }
  const missing = Math.max(0, desired - situation.devices.length);
  if (ready >= desired) return claim('True', 'Ready', `${String(desired)} of ${devicesText(desired)} ${verb(desired)} Ready.`);
  const head = `${String(ready)} of ${devicesText(desired)} ${verb(desired === 1 ? 1 : ready)} Ready`;
  return claim('False', 'DevicesNotReady', `${[head, ...shortcomings(lacking, missing, object)].join('; ')}.`);
}

function progressClaim(
  set: MdevDeviceSet,
  { situation, plan, failure }: SetReport,
  desired: number,
  live: readonly SetDevice[],
): ConditionClaim {
  const claim = (status: 'True' | 'False', reason: ProgressingReason, message: string): ConditionClaim => ({
    type: 'Progressing',
    status,
    reason,
    message,
  });
  if (failure !== undefined) return claim('False', 'CreateFailed', failure);
  if (plan.taken.length > 0) {
    const message = `${some(plan.taken)} exists and is not of this set, so it is left alone; delete it, or label it ${setLabels.set} with the name of the set to have it taken over.`;
    return claim('False', 'NameTaken', message);
  }
  const outdated = live.filter((device) => device.outdated);
  const used = outdated.filter(({ inUse }) => inUse);
  const going = plan.actions.some(({ type }) => type === 'Delete') || situation.devices.some(({ deleting }) => deleting);
  if (outdated.length > used.length || (outdated.length > 0 && going)) {
    const updated = live.length - outdated.length;
    const head = `${String(updated)} of ${devicesText(desired)} ${verb(updated)} as the template says`;
    const replacing = plan.actions.some(({ type }) => type === 'Delete');
    if (going || replacing) return claim('True', 'RollingOut', `${head}; the others are replaced, as maxUnavailable and their use allow.`);
    const limit = `at most ${String(set.spec.maxUnavailable)} may be (maxUnavailable)`;
    return claim(
      'True',
      'RollingOut',
      `${head}; the next is replaced when more devices are Ready: of those wanted ${limit} missing or not Ready.`,
    );
  }
  if (live.length !== desired || going) {
    const surplus = live.length > desired && !going;
    if (!surplus) return claim('True', 'Scaling', `${String(live.length)} of ${devicesText(desired)} ${verb(live.length)} there.`);
    const names = live.filter(({ inUse }) => inUse).map(({ name }) => name);
    return claim(
      'False',
      'WaitingForRelease',
      `${devicesText(live.length - desired)} too many, but in use: ${some(names)}. They go when they are released.`,
    );
  }
  if (used.length > 0) {
    const names = some(used.map(({ name }) => name));
    return claim(
      'False',
      'WaitingForRelease',
      `${devicesText(used.length)} of an earlier template ${verb(used.length)} in use: ${names}. Each is replaced when it is released.`,
    );
  }
  return claim('False', 'Complete', `All is as it shall be: ${devicesText(desired)}.`);
}

/** The status of a set. */
export function statusOf(set: MdevDeviceSet, report: SetReport, now: number): DeviceSetStatus {
  const { situation } = report;
  const desired = situation.pools.reduce((sum, { wanted }) => sum + wanted, 0);
  const live = situation.devices.filter(({ deleting }) => !deleting);
  const ready = live.filter((device) => device.ready === 'True').length;
  const claims = [readyClaim(report, desired), progressClaim(set, report, desired, live)];
  const condition = (claim: ConditionClaim): Condition =>
    toCondition(claim, findCondition(set.status?.conditions, claim.type), set.metadata.generation, now);
  return {
    ...(set.metadata.generation !== undefined && { observedGeneration: set.metadata.generation }),
    desiredReplicas: desired,
    replicas: live.length,
    readyReplicas: ready,
    updatedReplicas: live.filter(({ outdated }) => !outdated).length,
    unavailableReplicas: Math.max(0, desired - ready),
    templateHash: wantedOf(set).hash,
    selector: `${setLabels.set}=${set.metadata.name}`,
    conditions: claims.map(condition).map((each) => ({ ...each, message: each.message.slice(0, 4096) })),
  };
}

/** Whether a set says this already. */
export function saysStatus(set: MdevDeviceSet, status: DeviceSetStatus): boolean {
  const text = (value: DeviceSetStatus | undefined): string => {
    const { conditions = [], ...rest } = value ?? {};
    const sorted = conditions.map((each) => Object.entries(each).sort()).sort();
    return JSON.stringify([Object.entries(rest).sort(), sorted]);
  };
  return text(set.status) === text(status);
}
