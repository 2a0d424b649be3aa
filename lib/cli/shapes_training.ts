/** What quickstart trains: a small residual network, and shapes that are drawn for it (docs/images.md, P10). */

import type { Tensor } from '../core/graph.js';
import { type DataSet, type RawImage, shapeClasses, shapeImage } from '../data/index.js';
import type { OwnNetwork } from '../model/index.js';
import { argScope } from '../slim/arg_scope.js';
import { resnetArgScope, resnetV1, resnetV1BasicBlock } from '../slim/nets/index.js';
import type { NetworkOptions } from '../slim/nets/registry.js';
import type { Options } from '../slim/options.js';

/** Those of the ten classes that are learnt in the time of a coffee. */
export const learntShapes = ['disc', 'ring', 'triangle', 'cross'] as const;

/** Seeds of what is trained on, what is evaluated on, and what is shown: no picture is among two of them. */
export const shapeSeeds = { training: 5, validation: 6, shown: 7 } as const;

/** Three residual units of two convolutions each, for pictures of 32 x 32 pixels. */
export const shapesNetwork: OwnNetwork = {
  name: 'shapes',
  imageSize: 32,
  preprocessing: 'caffe',
  build: (images: Tensor, { numClasses = null, isTraining = false }: Options<NetworkOptions>) => {
    const blocks = [
      resnetV1BasicBlock('block1', { baseDepth: 16, numUnits: 1, stride: 1 }),
      resnetV1BasicBlock('block2', { baseDepth: 32, numUnits: 1, stride: 2 }),
      resnetV1BasicBlock('block3', { baseDepth: 64, numUnits: 1, stride: 1 }),
    ];
    return argScope(resnetArgScope({ batchNormDecay: 0.9 }), () =>
      resnetV1(images, blocks, { numClasses, isTraining, scope: 'shapes' }),
    );
  },
};

/** A picture of one of those shapes; its label is an index of `learntShapes`. */
export function drawnShape(seed: number, index: number): { readonly image: RawImage; readonly label: number } {
  const label = index % learntShapes.length;
  const wanted = (shapeClasses as readonly string[]).indexOf(learntShapes[label] as string);
  // The shape of a picture of P10 is its number modulo 10.
  const number = shapeClasses.length * Math.floor(index / learntShapes.length) + wanted;
  const { data, width, height, channels } = shapeImage({ seed, index: number });
  return { image: { data, width, height, channels }, label };
}

/** Pictures of those shapes, `length` of them, drawn when they are wanted. */
export function drawnShapes(seed: number, length: number): DataSet {
  return {
    length,
    classes: learntShapes,
    get(index) {
      const { image, label } = drawnShape(seed, index);
      return { image, label, name: `${learntShapes[label]} ${index}` };
    },
    labels: () => Int32Array.from({ length }, (_, i) => i % learntShapes.length),
  };
}
