import { dropPackedWeights } from '../packed_folder.mjs';
import { dropFromPageCache } from '../page_cache.mjs';
import { mainCases } from './cases.mjs';

export const start = {
  name: 'start',
  title: 'Start',
  about:
    "From the start of the process to the first logits of one image. Before the first start the network's files are dropped from the page cache, and slimnet's packed weights from the disk; the second follows at once. Programs and libraries stay cached. Python peers read a graph that was frozen before.",
  metrics: [
    { key: 'second', title: 'second start, ms', unit: 'ms', digits: 0, better: 'less' },
    { key: 'first', title: 'first start, ms', unit: 'ms', digits: 0 },
  ],
  cases: (options) => mainCases(options, { batch: 1 }),
  rounds: ({ rounds }) => rounds,
  protocol: () => ({}),
  async measure(drive, { folder }, { network }) {
    dropFromPageCache(folder, network);
    dropPackedWeights();
    const values = {};
    for (const key of ['first', 'second']) {
      const result = await drive({ kind: 'start' });
      if (result.firstLogits === undefined) return result;
      values[key] = result.firstLogits;
    }
    return { values };
  },
  plots: [{ kind: 'bars', metric: 'second', per: 'network' }],
};
