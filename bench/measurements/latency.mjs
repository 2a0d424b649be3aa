import { quantile } from '../statistics.mjs';
import { acrossPrecisions, networksAndPrecisions } from './cases.mjs';

export const latency = {
  name: 'latency',
  title: 'Latency of one image',
  about: 'Pixels in memory to logits at batch 1, one run after another: percentiles of the runs of a round.',
  metrics: [
    { key: 'p50', title: 'p50, ms', unit: 'ms', digits: 1, better: 'less' },
    { key: 'p90', title: 'p90, ms', unit: 'ms', digits: 1 },
    { key: 'p99', title: 'p99, ms', unit: 'ms', digits: 1 },
  ],
  across: acrossPrecisions,
  cases: (options) => networksAndPrecisions(options).map((one) => ({ ...one, batch: 1 })),
  rounds: ({ rounds }) => rounds,
  protocol: ({ seconds }) => ({ seconds: 2 * seconds }),
  async measure(drive, { seconds }) {
    const result = await drive({ kind: 'times', seconds: 2 * seconds });
    if (result.times === undefined) return result;
    const [p50, p90, p99] = [0.5, 0.9, 0.99].map((q) => quantile(result.times, q));
    return { values: { p50, p90, p99 } };
  },
  plots: [{ kind: 'bars', metric: 'p50', high: 'p99', note: 'bar: p50, line: to p99', per: 'network' }],
};
