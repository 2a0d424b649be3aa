import { Graph, type Tensor } from '../core/graph.js';
import type { PreprocessingSpec } from '../data/preprocessing.js';
import { CheckpointError, InternalError } from '../errors.js';
import { argScope } from '../slim/arg_scope.js';
import { softmax } from '../slim/layers/index.js';
import type { NetworkEntry } from '../slim/nets/registry.js';
import { placeholder } from '../slim/placeholder.js';

/** What a model may be asked for. */
export const modelOutputs = ['logits', 'predictions', 'features'] as const;

export type ModelOutput = (typeof modelOutputs)[number];

/** A network in inference, on a placeholder `images` of float32 [images, height, width, 3]. */
export interface NetworkGraph {
  readonly graph: Graph;
  /** Logits and their softmax of [images, (1, 1,) classes], where there are classes; globally pooled features of [images, 1, 1, depth]. */
  readonly outputs: { readonly features: Tensor } & Readonly<Partial<Record<ModelOutput, Tensor>>>;
}

/**
 * An output of a network.
 * @param path of the weights
 * @throws CheckpointError where the weights have no logits
 */
export function outputOf(outputs: NetworkGraph['outputs'], output: ModelOutput, path?: string): Tensor {
  const tensor = outputs[output];
  if (tensor !== undefined) return tensor;
  throw new CheckpointError(`The weights have no logits, so there are no ${output}.`, {
    ...(path === undefined ? {} : { path }),
    hint: 'they give features (embed); to classify, load weights with their last layer.',
  });
}

/** Builds a network of the registry for images of the preprocessing's size. One of 0 classes has features alone. */
export function buildNetwork(
  entry: NetworkEntry,
  numClasses: number,
  { height, width }: PreprocessingSpec,
  seed: number,
): NetworkGraph {
  const graph = new Graph({ seed });
  const outputs = graph.build(() => {
    const images = placeholder('float32', [null, height, width, 3], { name: 'images' });
    // VGG pools only when told to; then it takes larger images than its own, too.
    const options = { numClasses, isTraining: false, globalPool: true };
    const { net, endPoints } = argScope(entry.argScope(), () => entry.build(images, options));
    const features = graph.nodes.find((node) => node.name === `${entry.name}/${entry.features}`)?.outputs[0];
    if (features === undefined) throw new InternalError(`${entry.name} has no features ${entry.features}.`);
    if (numClasses === 0) return { features };
    return { logits: net, predictions: endPoints.predictions ?? softmax(net, { scope: 'predictions' }), features };
  });
  return { graph, outputs };
}
