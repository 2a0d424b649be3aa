/** Where in an image a model sees a class. */
import { checkInteger, checkOneOf, checkSignal, type Defaults, withDefaults } from '../core/options.js';
import { copyPreprocessed, isPreprocessed } from '../data/preprocessed.js';
import { ArgumentError, advice, CheckpointError, GradientError } from '../errors.js';
import type { AbortOptions, Model, ModelInput, Prediction } from '../model/index.js';
import { gradCam, layerOf } from './grad_cam.js';
import { occlude } from './occlusion.js';

export const explainMethods = ['auto', 'grad_cam', 'occlusion'] as const;
export type ExplainMethod = (typeof explainMethods)[number];

/** Options of `explain`. */
export interface ExplainOptions extends AbortOptions {
  /**
   * `grad_cam`: one run and its gradients. `occlusion`: the image with a part covered, again and again; needs no gradients. `auto`, unless told:
   * Grad-CAM, and occlusion for models in int8 and networks with an op without a gradient.
   */
  readonly method?: ExplainMethod;
  /** The class that is looked for; the most probable one unless told. */
  readonly classIndex?: number | undefined;
  /** Of Grad-CAM: a node or scope with height and width; the last block unless told. */
  readonly layer?: string | undefined;
  /** Of occlusion: pixels a side of what covers, in the network's input; a fifth of the image unless told. */
  readonly patch?: number | undefined;
  /** Of occlusion: pixels from one place to the next; half a patch unless told. */
  readonly stride?: number | undefined;
}

const defaults = {
  method: 'auto',
  classIndex: undefined,
  layer: undefined,
  patch: undefined,
  stride: undefined,
  signal: undefined,
} satisfies Defaults<ExplainOptions>;

/** Where in an image a model sees a class. */
export interface Explanation {
  readonly method: Exclude<ExplainMethod, 'auto'>;
  /** The class, its name where there is one, and its probability. */
  readonly target: Prediction;
  /** The five most probable classes. */
  readonly predictions: readonly Prediction[];
  /**
   * Row by row over the network's input, as the preprocessing crops the image; no value is negative. Grad-CAM: in units of the logit times the
   * number of places, as the paper has it. Occlusion: the probability that is lost.
   */
  readonly map: Float32Array;
  readonly height: number;
  readonly width: number;
  /** Grad-CAM: the node of the features. */
  readonly layer: string | null;
  /** What the network was given, float32 [height, width, 3] of `model.preprocessing`. */
  readonly pixels: Float32Array;
}

/**
 * Says where in an image a model sees a class.
 * @throws ImageError; ArgumentError for options, and for Grad-CAM of a model in int8; CheckpointError for weights without logits;
 *   GradientError where Grad-CAM is asked for and an op has no gradient; what `Session.run` throws
 */
export async function explain(model: Model, image: ModelInput, options: ExplainOptions = {}): Promise<Explanation> {
  const { method, classIndex, layer: layerName, patch, stride, signal } = withDefaults('explain', options, defaults);
  checkOneOf('explain', 'method', method, explainMethods);
  checkSignal('explain', signal);
  if (!model.outputs.includes('logits'))
    throw new CheckpointError('The weights have no logits, so there is no class to look for.', {
      ...(model.weights === null ? {} : { path: model.weights.path }),
    });
  if (classIndex !== undefined) checkInteger('explain', 'classIndex', classIndex, 0, model.numClasses - 1);
  const { height, width } = model.preprocessing;
  const side = patch ?? Math.max(1, Math.round(Math.min(height, width) / 5));
  checkInteger('explain', 'patch', side, 1, Math.min(height, width));
  const step = stride ?? Math.max(1, side >> 1);
  checkInteger('explain', 'stride', step, 1, side);
  const isInt8 = model.precision === 'int8';
  if (method === 'grad_cam' && isInt8)
    throw new ArgumentError('explain: Grad-CAM needs gradients, and the model is in int8.', {
      hint: advice`load it with ${['precision', 'float32']}, or take ${['method', 'occlusion']}.`,
    });
  const layer = method === 'occlusion' ? null : layerOf(model, layerName);
  const given = signal === undefined ? {} : { signal };
  const pixels = isPreprocessed(image)
    ? copyPreprocessed(image, model.preprocessing).preprocessed
    : await model.preprocess([image], given);
  const all = await model.classify({ preprocessed: pixels }, { topK: model.numClasses, ...given });
  const predictions = all.slice(0, 5);
  const target = all.find(({ index }) => index === (classIndex ?? all[0]?.index)) as Prediction;
  const about = { target, predictions, pixels };
  if (layer !== null && !isInt8) {
    try {
      const found = await gradCam(model, layer, pixels, target.index, signal);
      return { method: 'grad_cam', ...about, ...found, layer: layer.node.name };
    } catch (error) {
      if (method === 'grad_cam' || !(error instanceof GradientError)) throw error;
    }
  }
  const found = await occlude(model, pixels, target.index, target.probability, { side, stride: step }, signal);
  return { method: 'occlusion', ...about, ...found, layer: null };
}
