import { describe } from '../core/dtype.js';
import { ArgumentError } from '../errors.js';

/** How a network wants its images, as native code takes it. */
export interface PreprocessingSpec {
  /** Name in Slim's preprocessing factory. */
  readonly name: PreprocessingName;
  readonly height: number;
  readonly width: number;
  /** Smaller side after the aspect-preserving resize. */
  readonly resizeSide: number;
}

/** One line for each preprocessing that native code knows. */
export const preprocessings = {
  /** Aspect-preserving legacy bilinear resize to side 256, central crop, RGB means subtracted (spec: Slim's vgg_preprocessing). */
  vgg: { resizeSide: 256 },
} as const;

export type PreprocessingName = keyof typeof preprocessings;

/**
 * The preprocessing of a network for images of `size` pixels a side. The resize side grows with sizes over its own, in the
 * proportion of 256 to 224.
 * @throws ArgumentError
 */
export function preprocessingFor(name: string, size: number): PreprocessingSpec {
  if (!isPreprocessing(name)) {
    throw new ArgumentError(
      `There is no preprocessing ${describe(name)}; there is ${Object.keys(preprocessings).join(', ')}.`,
    );
  }
  if (!Number.isInteger(size) || size < 1 || size > 16384)
    throw new ArgumentError(`Image size: expected 1 to 16384, received ${describe(size)}.`);
  const { resizeSide } = preprocessings[name];
  return {
    name,
    height: size,
    width: size,
    resizeSide: size <= resizeSide ? resizeSide : Math.round((size * 256) / 224),
  };
}

function isPreprocessing(name: string): name is PreprocessingName {
  return Object.hasOwn(preprocessings, name);
}
