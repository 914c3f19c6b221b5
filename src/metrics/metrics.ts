import { collectDefaultMetrics, Registry } from 'prom-client';
import { createPlumbingMetrics, type PlumbingMetrics } from './plumbing-metrics.ts';
import { createStateMetrics, type StateMetrics } from './state-metrics.ts';

/** The metrics that every role serves; a role adds its own to the registry. Names are part of the API. */
export interface Metrics extends PlumbingMetrics, StateMetrics {
  readonly registry: Registry;
}

/**
 * Metrics on a registry of their own, with those of the process and of Node.js.
 * @param version of this program
 */
export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return { registry, ...createPlumbingMetrics(registry), ...createStateMetrics(registry, version) };
}
