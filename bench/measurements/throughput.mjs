import { median } from '../statistics.mjs';
import { acrossPrecisions, networksAndPrecisions } from './cases.mjs';

export const throughput = {
  name: 'throughput',
  title: 'Throughput',
  about:
    "Pixels in memory to logits, one run after another. slimnet in its mode `throughput` (docs/modes.md) keeps three runs in flight on two cores, OpenVINO with its throughput hint as many as it asks for. oneDNN's convolutions alone are direct ones. slimnet can come out above them: in float32 it computes most 3x3 convolutions by Winograd's method, and in bfloat16 and int8 it has loops of its own for the matrix unit of processors with AMX (docs/performance.md).",
  metrics: [{ key: 'imagesPerSecond', title: 'images/s', unit: 'images/s', digits: 1, better: 'more' }],
  across: acrossPrecisions,
  cases: (options) =>
    networksAndPrecisions(options).flatMap((one) => options.batches.map((batch) => ({ ...one, batch }))),
  rounds: ({ rounds }) => rounds,
  protocol: ({ seconds }) => ({ seconds }),
  async measure(drive, { seconds }, { batch }) {
    const result = await drive({ kind: 'times', seconds });
    const { times, imagesPerSecond = times === undefined ? undefined : (batch * 1000) / median(times) } = result;
    return imagesPerSecond === undefined ? result : { values: { imagesPerSecond } };
  },
  plots: [{ kind: 'bars', metric: 'imagesPerSecond', per: 'network' }],
};
