/** Images that are what a network takes already. */
import { describe, holds, refuseDetached } from '../core/dtype.js';
import { ArgumentError } from '../errors.js';
import { loadAddon } from '../native/binding.js';
import type { PreprocessingSpec } from './preprocessing.js';

/** What preprocessing makes of an image: float32 [height, width, 3] of the network's size. */
export interface PreprocessedImage {
  readonly preprocessed: Float32Array;
}

export function isPreprocessed(source: unknown): source is PreprocessedImage {
  return typeof source === 'object' && source !== null && !ArrayBuffer.isView(source) && 'preprocessed' in source;
}

/** Checks values. @throws ArgumentError */
export function checkPreprocessed(
  { preprocessed }: PreprocessedImage,
  { height, width }: Pick<PreprocessingSpec, 'height' | 'width'>,
): PreprocessedImage {
  const expected = `${height} x ${width} x 3 float32 values`;
  if (!holds('float32', preprocessed))
    throw new ArgumentError(`preprocessed: expected ${expected}, received ${describe(preprocessed)}.`);
  const count = height * width * 3;
  if (preprocessed.length !== count)
    throw new ArgumentError(`preprocessed: expected ${expected} (${count}), received ${preprocessed.length}.`);
  refuseDetached('preprocessed', preprocessed);
  return { preprocessed };
}

/**
 * Checks values and copies them: the caller may change its own afterwards. A run reads the copy where it is; who is done with it gives it back by
 * `release`.
 * @throws ArgumentError
 */
export function copyPreprocessed(
  image: PreprocessedImage,
  size: Pick<PreprocessingSpec, 'height' | 'width'>,
): PreprocessedImage {
  const { preprocessed } = checkPreprocessed(image, size);
  const copy = loadAddon().hold('float32', [preprocessed.length]) as Float32Array;
  copy.set(preprocessed);
  return { preprocessed: copy };
}
