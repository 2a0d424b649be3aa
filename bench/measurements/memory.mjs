import { mainCase } from './cases.mjs';

export const memory = {
  name: 'memory',
  title: 'Peak memory',
  about: 'Peak resident memory of a process that runs batch 1 for a second, in MiB.',
  metrics: [{ key: 'peak', title: 'MiB', unit: 'MiB', digits: 0, scale: 2 ** -20, better: 'less' }],
  cases: (options) => [mainCase(options, { batch: 1 })],
  rounds: ({ rounds }) => Math.min(3, rounds),
  protocol: () => ({}),
  async measure(drive) {
    const result = await drive({ kind: 'memory' });
    return result.peak === undefined ? result : { values: { peak: result.peak } };
  },
  plots: [{ kind: 'bars', metric: 'peak', per: 'network' }],
};
