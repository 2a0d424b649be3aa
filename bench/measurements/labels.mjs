import { picturePaths } from '../pictures.mjs';
import { acrossPrecisions, mainCase } from './cases.mjs';

export const labels = {
  name: 'labels',
  title: 'JPEG bytes to labels',
  about:
    'Generated JPEG files of 500 x 375 pixels, in memory, to the five most probable classes: decode, resize, crop, network, softmax; for all subjects the preprocessing of the network, at 224 pixels a side. "together" hands over all pictures in one call (`model.classify(jpegs)`), "single" calls once for each picture, all at the same time. onnxruntime-node stands behind sharp, with batches of 32 of which the next is decoded while one runs (bench/drivers/sharp_pipeline.mjs).',
  pictures: true,
  metrics: [{ key: 'imagesPerSecond', title: 'images/s', unit: 'images/s', digits: 1, better: 'more' }],
  across: acrossPrecisions,
  cases: (options) =>
    options.precisions.flatMap((precision) =>
      ['together', 'single'].map((way) => ({ ...mainCase(options), precision, way })),
    ),
  rounds: ({ rounds }) => rounds,
  protocol: ({ seconds, pictures }) => ({ seconds: 2 * seconds, pictures }),
  async measure(drive, { seconds, pictures, folder }) {
    const paths = await picturePaths(folder, pictures);
    const result = await drive({ kind: 'labels', pictures: paths, seconds: 2 * seconds });
    const { imagesPerSecond } = result;
    return imagesPerSecond === undefined ? result : { values: { imagesPerSecond } };
  },
  plots: [{ kind: 'bars', metric: 'imagesPerSecond', per: 'network' }],
};
