import { picturePaths } from '../pictures.mjs';
import { afterWarmUp, slope } from '../statistics.mjs';
import { mainCase } from './cases.mjs';

/** Share of the images after which memory counts: caches are full by then, and the collector has run. */
const warmUp = 0.25;
/** Points of the curve. */
const samples = 60;

export const soak = {
  name: 'soak',
  title: 'Memory over many images',
  about: `Resident memory while JPEG bytes are turned into labels, batch after batch. The slope is that of the straight line through all samples after the first ${100 * warmUp} %.`,
  pictures: true,
  metrics: [
    { key: 'bytesPerImage', title: 'growth, bytes/image', unit: 'bytes/image', digits: 0 },
    { key: 'last', title: 'resident at the end, MiB', unit: 'MiB', digits: 0, scale: 2 ** -20 },
  ],
  cases: (options) => [mainCase(options, { precision: options.soakPrecision })],
  rounds: () => 1,
  protocol: ({ images }) => ({ images }),
  async measure(drive, { images, pictures, folder }) {
    const paths = await picturePaths(folder, pictures);
    // However long it takes.
    const result = await drive({ kind: 'soak', pictures: paths, images, every: images / samples, timeout: 0 });
    const { series } = result;
    if (series === undefined) return result;
    const bytesPerImage = slope(afterWarmUp(series, warmUp));
    return { values: { bytesPerImage, last: series.at(-1)[1] }, series: { resident: series } };
  },
  plots: [{ kind: 'lines', series: 'resident', title: 'Resident memory', x: 'images', y: 'MiB', scaleY: 2 ** -20 }],
};
