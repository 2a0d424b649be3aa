import type { Tensor } from '../../core/graph.js';

/** What a builder returns. */
export interface Network {
  /**
   * Logits, [N, 1, 1, numClasses] or, squeezed, [N, numClasses]; features where there are no classes; a map where nothing was
   * pooled.
   */
  readonly net: Tensor;
  /** Outputs of layers, units and blocks by name, in order, and what the builder says of pooling, logits and predictions. */
  readonly endPoints: Record<string, Tensor>;
}
