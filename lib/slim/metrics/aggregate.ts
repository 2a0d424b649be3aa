import type { Tensor } from '../../core/graph.js';
import { ArgumentError } from '../../errors.js';
import type { StreamingMetric } from './streaming.js';

/** The values and the updates of some metrics, in their order. @throws ArgumentError when there are none */
export function aggregateMetrics(...metrics: readonly StreamingMetric[]): {
  readonly values: Tensor[];
  readonly updates: Tensor[];
} {
  if (metrics.length === 0) throw new ArgumentError('aggregateMetrics: expected at least one metric.');
  return { values: metrics.map((m) => m.value), updates: metrics.map((m) => m.update) };
}

/**
 * The values and the updates of some metrics under their names, as a run fetches them.
 * @throws ArgumentError when there are none
 */
export function aggregateMetricMap<const K extends string>(
  metrics: Readonly<Record<K, StreamingMetric>>,
): { readonly values: Record<K, Tensor>; readonly updates: Record<K, Tensor> } {
  const entries = Object.entries<StreamingMetric>(metrics);
  if (entries.length === 0) throw new ArgumentError('aggregateMetricMap: expected at least one metric.');
  const of = (port: keyof StreamingMetric) =>
    Object.fromEntries(entries.map(([name, metric]) => [name, metric[port]])) as Record<K, Tensor>;
  return { values: of('value'), updates: of('update') };
}
