import { Counter, Gauge, type Registry } from 'prom-client';

export interface ControllerMetrics {
  /** Whether this process leads. */
  leading(leads: boolean): void;
  /** A decision about a device, with the reason of one that refuses it a place. */
  decided(action: string, reason: string | undefined): void;
  /** How many devices have no place, or are stuck where they are. */
  waiting(devices: number): void;
  /** How many nodes are lost now, of which so many more since the last call. */
  nodesLost(now: number, more: number): void;
}

/** Metrics of a controller. Labels are bounded by the code: the kinds of decisions, and the reasons of condition Allocated. */
export function createControllerMetrics(registry: Registry): ControllerMetrics {
  const registers = [registry];
  const leader = new Gauge({ name: 'mdev_leader', help: 'Whether this controller leads.', registers });
  const decisions = new Counter({
    name: 'mdev_allocation_decisions_total',
    help: 'Decisions about where devices go; reason says why one was refused a place.',
    labelNames: ['action', 'reason'] as const,
    registers,
  });
  const waiting = new Gauge({
    name: 'mdev_devices_waiting',
    help: 'MdevDevices without a place, or stuck where they are.',
    registers,
  });
  const nodesLost = new Gauge({ name: 'mdev_nodes_lost', help: 'Nodes whose agents are not heard.', registers });
  const nodeLosses = new Counter({ name: 'mdev_node_losses_total', help: 'Times that a node was lost.', registers });
  return {
    leading: (leads) => leader.set(leads ? 1 : 0),
    decided: (action, reason) => decisions.inc({ action, reason: reason ?? '' }),
    waiting: (devices) => waiting.set(devices),
    nodesLost(now, more) {
      nodesLost.set(now);
      nodeLosses.inc(more);
    },
  };
}
