import { ArgumentError } from '../errors.js';
import type { PreprocessingSpec } from './preprocessing.js';
import type { RawImage } from './raw_image.js';

/** Methods whose values are of 0 to 1 before the mean is subtracted; of the others they are of 0 to 255. */
const ofUnits: readonly PreprocessingSpec['method'][] = ['inception', 'torchvision'];

/**
 * What a network sees of an image, as pixels: preprocessing undone but for its crop and resize.
 * @param pixels float32 [height, width, 3] of the preprocessing's size
 * @throws ArgumentError for another number of values
 */
export function seenImage(pixels: Float32Array, spec: PreprocessingSpec): RawImage {
  const { height, width, method, mean, std } = spec;
  if (pixels.length !== height * width * 3)
    throw new ArgumentError(`seenImage: expected ${height} x ${width} x 3 values, received ${pixels.length}.`);
  const isReversed = method === 'caffe';
  const scale = ofUnits.includes(method) ? 255 : 1;
  const data = new Uint8Array(pixels.length);
  for (let i = 0; i < data.length; i++) {
    const channel = i % 3;
    const from = isReversed ? i - channel + 2 - channel : i;
    const value = ((pixels[from] as number) * (std[channel] as number) + (mean[channel] as number)) * scale;
    data[i] = Math.max(0, Math.min(255, Math.round(value)));
  }
  return { data, width, height, channels: 3 };
}
