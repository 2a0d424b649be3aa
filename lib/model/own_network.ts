import { describe } from '../core/dtype.js';
import { Graph, type Node, refusePromise, Tensor } from '../core/graph.js';
import { checkInteger, checkOneOf, type Defaults, withDefaults } from '../core/options.js';
import { shapeText, typeText } from '../core/shape.js';
import { type PreprocessingName, type PreprocessingSpec, preprocessingNames } from '../data/preprocessing.js';
import { ArgumentError } from '../errors.js';
import { softmax } from '../slim/layers/index.js';
import { reduceMean } from '../slim/math.js';
import type { NetworkEntry, NetworkOptions } from '../slim/nets/registry.js';
import type { Options } from '../slim/options.js';
import { placeholder } from '../slim/placeholder.js';
import type { LabelSource } from './labels/load_labels.js';
import type { NetworkGraph } from './network_graph.js';

/** What a builder of one's own may return besides the logits alone. */
export interface BuiltNetwork {
  /** Logits, [images, classes] or [images, 1, 1, classes]. */
  readonly net: Tensor;
  /** Probabilities of the classes; the softmax of the logits unless told. */
  readonly predictions?: Tensor;
  /** What `embed` gives, [images, ..., depth]; what the last layer makes the logits of, averaged over height and width, unless told. */
  readonly features?: Tensor;
  /** As the builders of `nets` return them; `predictions` among them counts as the one above. */
  readonly endPoints?: Readonly<Record<string, Tensor>>;
}

/** A network of one's own, for `loadModel` and `Trainer.create`. */
export interface OwnNetwork {
  /**
   * Builds the network; runs inside `graph.build`.
   * @param images float32 [images, imageSize, imageSize, 3], preprocessed
   * @param options as the builders of `nets` take them: `numClasses` where it is known, `isTraining` (false for a model),
   *   `globalPool: true`
   */
  readonly build: (images: Tensor, options: Options<NetworkOptions>) => Tensor | BuiltNetwork;
  /** Pixels a side of the images. */
  readonly imageSize: number;
  /** What is done with images (docs/images.md). */
  readonly preprocessing: PreprocessingName;
  /** Names of the classes, unless `loadModel` is given others. */
  readonly labels?: LabelSource;
  /** Classes that `build` is asked for; as many as there are labels in a list, else what it gives. */
  readonly numClasses?: number;
  /** `model.name`; `network` unless told. */
  readonly name?: string;
  /** `model.labelOffset`; 0 unless told. */
  readonly labelOffset?: number;
}

const defaults = {
  build: undefined,
  imageSize: undefined,
  preprocessing: undefined,
  labels: undefined,
  numClasses: undefined,
  name: 'network',
  labelOffset: 0,
} satisfies Defaults<Partial<OwnNetwork>>;

/** A network of one's own that was checked. */
export interface OwnEntry extends Pick<NetworkEntry, 'name' | 'imageSize' | 'labelOffset'> {
  readonly preprocessing: PreprocessingName;
  readonly build: OwnNetwork['build'];
  readonly numClasses: number | undefined;
  readonly labels: LabelSource | undefined;
}

/** @throws ArgumentError */
export function ownEntry(network: OwnNetwork): OwnEntry {
  const where = 'loadModel: a network of your own';
  const { build, imageSize, preprocessing, labels, numClasses, name, labelOffset } = withDefaults(
    where,
    network as Partial<OwnNetwork>,
    defaults,
  );
  if (typeof build !== 'function')
    throw new ArgumentError(`${where}: build: expected a function, received ${describe(build)}.`, {
      hint: 'build: (images, options) => logits.',
    });
  checkInteger(where, 'imageSize', imageSize, 1, 16384);
  checkOneOf(where, 'preprocessing', preprocessing, preprocessingNames);
  if (numClasses !== undefined) checkInteger(where, 'numClasses', numClasses, 1, 2 ** 24);
  checkInteger(where, 'labelOffset', labelOffset, 0, 1);
  if (typeof name !== 'string' || name === '')
    throw new ArgumentError(`${where}: name: expected a name, received ${describe(name)}.`);
  return { build, imageSize, preprocessing, labels, numClasses, name, labelOffset };
}

/** True for networks of one's own, false for those of the registry. */
export function isOwn(entry: OwnEntry | NetworkEntry): entry is OwnEntry {
  return !('logitsBiases' in entry);
}

/**
 * Builds a network of one's own for images of the preprocessing's size.
 * @param numClasses as the caller of `loadModel` wants them
 * @throws ArgumentError for what is no network that a model can be made of
 */
export function buildOwnNetwork(
  { name, build, labels, ...entry }: OwnEntry,
  wanted: number | undefined,
  { height, width }: PreprocessingSpec,
  seed: number,
): NetworkGraph & { readonly numClasses: number } {
  const asked =
    wanted ?? entry.numClasses ?? (Array.isArray(labels) ? (labels as readonly string[]).length : undefined);
  const graph = new Graph({ seed });
  return graph.build(() => {
    const images = placeholder('float32', [null, height, width, 3], { name: 'images' });
    const built = callBuild({ name, build }, images, asked, false);
    const numClasses = built.net.shape.at(-1) as number;
    const predictions =
      built.predictions ?? built.endPoints?.predictions ?? softmax(built.net, { scope: 'predictions' });
    const features = pooled(built.features ?? featuresOf(name, built.net));
    return { graph, numClasses, outputs: { logits: built.net, predictions, features } };
  });
}

/**
 * Calls `build`, and checks what it returns.
 * @throws ArgumentError for what is no network
 */
export function callBuild(
  { name, build }: Pick<OwnEntry, 'name' | 'build'>,
  images: Tensor,
  numClasses: number | undefined,
  isTraining: boolean,
): BuiltNetwork {
  const result = build(images, { numClasses, isTraining, globalPool: true });
  const built = checkBuilt(images, name, refusePromise(result, 'build'));
  const { shape } = built.net;
  if (numClasses !== undefined && shape.at(-1) !== numClasses)
    throw new ArgumentError(`${name}: expected logits of ${numClasses} classes, build gave ${shapeText(shape)}.`);
  return built;
}

function checkBuilt({ graph, shape }: Tensor, name: string, result: unknown): BuiltNetwork {
  const built = (result instanceof Tensor ? { net: result } : result) as BuiltNetwork;
  const net: unknown = built?.net;
  if (!(net instanceof Tensor))
    throw new ArgumentError(`${name}: build: expected a tensor of logits, received ${describe(result)}.`, {
      hint: 'return the logits, or { net: logits }.',
    });
  for (const tensor of [net, built.predictions, built.features]) {
    if (tensor === undefined) continue;
    if (!(tensor instanceof Tensor) || tensor.graph !== graph)
      throw new ArgumentError(`${name}: build: expected tensors that it has built, received ${describe(tensor)}.`);
  }
  const [images, ...rest] = net.shape;
  const isRow = rest.length > 0 && rest.slice(0, -1).every((size) => size === 1) && rest.at(-1) !== null;
  if (images !== shape[0] || !isRow || net.dtype !== 'float32') {
    throw new ArgumentError(
      `${name}: build: expected logits of float32 [images, classes], received ${typeText(net)}.`,
      {
        node: net.name,
        hint: 'average over height and width first, and keep the number of images open.',
      },
    );
  }
  return built;
}

/** Ops between a last layer and its logits. */
const between = new Set(['bias_add', 'add', 'squeeze', 'reshape', 'reduce_mean', 'avg_pool2d', 'cast']);

/** What the last layer makes the logits of: the input of the last convolution or product. */
function featuresOf(name: string, logits: Tensor): Tensor {
  let node: Node = logits.node;
  while (between.has(node.op.name)) node = (node.inputs[0] as Tensor).node;
  if (node.op.name === 'conv2d' || node.op.name === 'matmul') return node.inputs[0] as Tensor;
  throw new ArgumentError(
    `${name}: build: expected logits of a convolution or a fully connected layer, received the output of ${node.op.name} (${node.name}).`,
    {
      node: node.name,
      hint: 'without numClasses the builders of nets leave the logits away; where there is such a layer elsewhere, return { net, features }.',
    },
  );
}

/** Features of each image, averaged over height and width where they have any. */
function pooled(features: Tensor): Tensor {
  const [, height, width, depth] = features.shape;
  if (depth === undefined || (height === 1 && width === 1)) return features;
  return reduceMean(features, [1, 2], { keepDims: true, name: 'features' });
}
