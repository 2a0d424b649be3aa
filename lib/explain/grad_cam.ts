/** Grad-CAM (Selvaraju et al., 2017): where the last features stand that speak for a class. */

import { gradients } from '../autodiff/index.js';
import type { Graph, Node, Tensor } from '../core/graph.js';
import { ArgumentError } from '../errors.js';
import type { Model } from '../model/index.js';
import { outputOf } from '../model/network_graph.js';
import { inputName } from '../runtime/session/feeds.js';
import { relu } from '../slim/activations.js';
import { multiply, reduceMean, reduceSum } from '../slim/math.js';
import { placeholder } from '../slim/placeholder.js';

/** What is run for one layer: the class is fed as a row with a 1 at its place. */
interface CamGraph {
  readonly layer: Tensor;
  readonly target: Tensor;
  readonly map: Tensor;
}

const graphs = new WeakMap<Model, Map<Tensor, CamGraph>>();

/**
 * The map of a class: relu(sum over channels of (mean over places of d logit / d channel) times channel), as the paper has it.
 * @param pixels float32 [1, height, width, 3], preprocessed
 * @returns the map, [height, width] of the layer
 * @throws GradientError where an op between layer and logits has no gradient
 */
export async function gradCam(
  model: Model,
  layer: Tensor,
  pixels: Float32Array,
  classIndex: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly map: Float32Array; readonly height: number; readonly width: number }> {
  const { target, map } = camGraph(model, layer);
  const wanted = new Float32Array(model.numClasses);
  wanted[classIndex] = 1;
  const { cam } = await model.session.run(
    { images: pixels, [inputName(target)]: wanted },
    { cam: map },
    signal === undefined ? {} : { signal },
  );
  const [, rows, columns] = cam.shape as [number, number, number];
  return { map: cam.data as Float32Array, height: rows, width: columns };
}

function camGraph(model: Model, layer: Tensor): CamGraph {
  const known = graphs.get(model) ?? new Map<Tensor, CamGraph>();
  graphs.set(model, known);
  const found = known.get(layer);
  if (found !== undefined) return found;
  const logits = outputOf(model.tensors, 'logits', model.weights?.path);
  const made = model.session.graph.build(() => {
    const target = placeholder('float32', logits.shape, { name: 'explain/target' });
    const [gradient] = gradients([logits], [layer], { gradYs: [target], name: 'explain/gradients' }) as [Tensor];
    const weights = reduceMean(gradient, [1, 2], { keepDims: true });
    return { layer, target, map: relu(reduceSum(multiply(weights, layer), [3])) };
  });
  known.set(layer, made);
  return made;
}

/** Ops whose input says the same on a finer grid, or the same but for a function of each value. */
const passed = new Set(['max_pool2d', 'avg_pool2d', 'reduce_mean', 'squeeze', 'reshape', 'dropout']);

/**
 * The layer that a name means; without one what the last pooling, or the first layer without places, reads: the last block of a residual network.
 * @param name a node, or a scope, such as resnet_v1_50/block3, whose last node counts
 * @throws ArgumentError where there is none, or it has no places
 */
export function layerOf(model: Model, name: string | undefined): Tensor {
  const { features } = model.tensors;
  if (name === undefined) return lastPlaces(model, features.node);
  const { nodes } = model.session.graph;
  const node = nodes.find((each) => each.name === name) ?? nodes.findLast((each) => each.name.startsWith(`${name}/`));
  if (node === undefined)
    throw new ArgumentError(`layer: there is no node and no scope ${name} in ${model.name}.`, {
      hint: `a scope such as ${scopesOf(model.session.graph)}; slimnet inspect ${model.name} --graph lists the nodes.`,
    });
  const [tensor] = node.outputs as readonly [Tensor];
  if (hasPlaces(tensor)) return tensor;
  throw new ArgumentError(
    `layer: expected one with height and width, ${node.name} is of [${tensor.shape.join(', ')}].`,
  );
}

function lastPlaces(model: Model, from: Node): Tensor {
  for (let node = from; ; ) {
    const [tensor] = node.outputs as readonly [Tensor];
    if (hasPlaces(tensor) && !passed.has(node.op.name)) return tensor;
    const [input] = node.inputs;
    if (input === undefined)
      throw new ArgumentError(`${model.name} has no layer with height and width before its features.`);
    node = input.node;
  }
}

function hasPlaces({ shape, dtype }: Tensor): boolean {
  const [, height, width, depth] = shape;
  return shape.length === 4 && dtype === 'float32' && depth !== null && (height ?? 0) > 1 && (width ?? 0) > 1;
}

function scopesOf({ nodes }: Graph): string {
  const scopes = nodes.map(({ name }) => name.split('/').slice(0, 2).join('/'));
  return [...new Set(scopes.filter((scope) => /\/(block|conv)/.test(scope)))].join(', ');
}
