import { CHAINWRIGHT_METRICS } from './chainwright.ts';
import { KUBE_PROXY_METRICS } from './kube-proxy.ts';
import { processFamilies, readProcessTexts } from './process.ts';
import { createRegistry, type HandlesOf } from './registry.ts';
import { metricsText } from './text.ts';

const ALL = { ...KUBE_PROXY_METRICS, ...CHAINWRIGHT_METRICS };

/** A handle for every metric: `metrics.syncDuration.observe({ ipFamily: 'IPv4' }, seconds)`. */
export type Metrics = HandlesOf<typeof ALL>;

export interface MetricsStore {
  readonly metrics: Metrics;
  /** What `/metrics` says now. */
  readonly text: () => string;
}

/** @param version this program's */
export function createMetrics(version: string): MetricsStore {
  const { handles, families } = createRegistry(ALL);
  handles.buildInfo.set({ version, nodeVersion: process.version }, 1);
  return {
    metrics: handles,
    text: () => metricsText([...families(), ...processFamilies(readProcessTexts())]),
  };
}
