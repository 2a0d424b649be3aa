/** What a picture takes besides the network: decoding it, making what the network takes of it, and finding its classes. */
import { loadSharp } from '../data/decoding.js';
import type { Model } from '../model/model.js';

/** Size of the pictures, as those of ImageNet have on average. */
export const pictureSize = { width: 500, height: 375 } as const;
const pictures = 32;

export interface PictureTiming {
  readonly imagesPerSecond: number;
  /** Milliseconds that a picture adds to the work, by throughput: from the bytes of its file to its classes. */
  readonly millisecondsPerImage: number;
  /** Of them what the network takes in batches that follow one another. */
  readonly networkMs: number;
  /** Share of the time that is not the network's. */
  readonly notNetwork: number;
}

/** JPEG files with noise in them, blurred as lenses blur it. */
async function jpegs(): Promise<Buffer[]> {
  const sharp = loadSharp();
  return Promise.all(
    Array.from({ length: pictures }, (_, i) =>
      sharp({
        create: { ...pictureSize, channels: 3, background: 'grey', noise: { type: 'gaussian', mean: 128, sigma: 60 } },
      })
        .blur(1 + i / pictures)
        .jpeg({ quality: 90 })
        .toBuffer(),
    ),
  );
}

/**
 * Files in memory to classes, `passes` times 32 of them, as `classify` does them: the next ones are decoded while a batch runs.
 * @param networkMs milliseconds of an image in the network alone
 */
export async function timePictures(
  model: Model,
  passes: number,
  networkMs: number,
  signal: AbortSignal,
): Promise<PictureTiming> {
  const files = await jpegs();
  const pass = () => model.classify(files, { signal });
  await pass();
  const begun = performance.now();
  for (let i = 0; i < passes; i++) await pass();
  const millisecondsPerImage = (performance.now() - begun) / (passes * files.length);
  return {
    imagesPerSecond: 1000 / millisecondsPerImage,
    millisecondsPerImage,
    networkMs,
    notNetwork: Math.max(0, 1 - networkMs / millisecondsPerImage),
  };
}
