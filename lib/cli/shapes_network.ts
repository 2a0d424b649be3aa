/** A small network that TF-Slim trained on P10 (docs/images.md); its checkpoint comes with the package. */
import { join } from 'node:path';
import { Graph, type Tensor } from '../core/graph.js';
import type { ShapeImage } from '../data/shapes.js';
import { shapeClasses } from '../data/shapes.js';
import { packageFolder } from '../native/binding.js';
import { Session } from '../runtime/session/session.js';
import { argScope } from '../slim/arg_scope.js';
import { resnetArgScope } from '../slim/nets/resnet_utils.js';
import { resnetV2, resnetV2Block } from '../slim/nets/resnet_v2.js';
import { placeholder } from '../slim/placeholder.js';

/** Height and width of an image. */
const side = 64;

/** Prefix of the TensorFlow checkpoint. */
export function shapesCheckpoint(): string {
  return join(packageFolder(), 'examples', 'p10', 'resnet_v2_p10.ckpt');
}

/** A session with the trained weights, which the caller disposes, and the probabilities [images, classes] of `pixels`. */
export async function shapesSession(): Promise<{ readonly session: Session; readonly probabilities: Tensor }> {
  const graph = new Graph();
  const { endPoints } = graph.build(() => {
    const pixels = placeholder('float32', [null, side, side, 3], { name: 'pixels' });
    const blocks = [
      resnetV2Block('block1', { baseDepth: 8, numUnits: 3, stride: 2 }),
      resnetV2Block('block2', { baseDepth: 16, numUnits: 3, stride: 2 }),
      resnetV2Block('block3', { baseDepth: 32, numUnits: 3, stride: 1 }),
    ];
    const options = { numClasses: shapeClasses.length, isTraining: false, scope: 'resnet_v2_p10' };
    return argScope(resnetArgScope(), () => resnetV2(pixels, blocks, options));
  });
  const session = await Session.create(graph);
  try {
    await session.restore(shapesCheckpoint());
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
  return { session, probabilities: endPoints.predictions as Tensor };
}

/** What the network takes of an image: how far each value is from the mean of its channel, in 128ths. */
export function shapePixels({ data, width, height }: ShapeImage): Float32Array {
  const sums = [0, 0, 0];
  data.forEach((value, i) => {
    sums[i % 3] = (sums[i % 3] as number) + value;
  });
  return Float32Array.from(data, (value, i) => (value - (sums[i % 3] as number) / (width * height)) / 128);
}
