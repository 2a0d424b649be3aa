import { picturePaths } from '../pictures.mjs';
import { median } from '../statistics.mjs';
import { training as settings } from '../training_step.mjs';
import { acrossPrecisions, mainCases } from './cases.mjs';

export const training = {
  name: 'training',
  title: 'Training',
  about:
    'Whole steps of gradient descent with momentum and weight decay, on one batch that lies in memory: forward, backward, updates, moving averages. All begin with the same weights; the loss of the first step shows it. oneDNN alone makes the convolutions of a step, forward and backward, and nothing else. "Images of a folder" is a `Trainer` over JPEG files of 500 x 375 pixels with its default augmentation, from the second epoch on: what it decodes, keeps and distorts stands beside the steps on one batch in memory.',
  metrics: [
    { key: 'imagesPerSecond', title: 'images/s', unit: 'images/s', digits: 2, better: 'more' },
    { key: 'peak', title: 'peak memory', unit: 'MiB', digits: 0, scale: 2 ** -20, better: 'less' },
    { key: 'firstLoss', title: 'loss of the first step', unit: '', digits: 4 },
  ],
  across: { ...acrossPrecisions, against: ['tensorflow', 'pytorch', 'slimnet'] },
  cases: (options) => options.trainingSizes.flatMap((size) => mainCases(options, size)),
  rounds: ({ rounds }) => rounds,
  protocol: ({ seconds, pictures }) => ({ seconds, pictures, ...settings }),
  async measure(drive, { seconds, pictures, folder }, { batch }) {
    const task = { kind: 'training', seconds, pictures: await picturePaths(folder, pictures), ...settings };
    const { times, firstLoss, peak, ...other } = await drive(task);
    if (times === undefined) return other;
    return {
      values: {
        imagesPerSecond: (batch * 1000) / median(times),
        ...(peak === undefined ? {} : { peak }),
        ...(firstLoss === undefined ? {} : { firstLoss }),
      },
    };
  },
  plots: [{ kind: 'bars', metric: 'imagesPerSecond', per: 'network' }],
};
