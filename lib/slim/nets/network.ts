import type { Tensor } from '../../core/graph.js';
import { positiveInteger } from '../utils.js';

/** Pixels a side of the images that the builders were written for. */
export const defaultImageSize = 224;

/** What a builder returns. `Names` are those of its end points where they are known. */
export interface Network<Names extends string = string> {
  /**
   * Logits, [N, 1, 1, numClasses] or, squeezed, [N, numClasses]; features where there are no classes; a map where nothing was
   * pooled.
   */
  readonly net: Tensor;
  /** Outputs of layers, units and blocks by name, in order, and what the builder says of pooling, logits and predictions. */
  readonly endPoints: Record<Names, Tensor>;
}

/** Classes of the logits, 0 for none, which null says too. @throws ArgumentError */
export function numberOfClasses(given: number | null, builder: string): number {
  return given === null || given === 0 ? 0 : positiveInteger(given, `${builder}: numClasses`);
}
