/** The network of `slimnet demo`: small, residual, for pictures of letters of 64 x 64 pixels. */
import type { Tensor } from '../../core/graph.js';
import type { OwnNetwork } from '../../model/index.js';
import { argScope } from '../../slim/arg_scope.js';
import { batchNorm, conv2d } from '../../slim/layers/index.js';
import { multiply, reduceMean, subtract } from '../../slim/math.js';
import { resnetArgScope, resnetV1, resnetV1BasicBlock } from '../../slim/nets/index.js';
import type { NetworkOptions } from '../../slim/nets/registry.js';
import type { Options } from '../../slim/options.js';
import { constant } from '../../slim/placeholder.js';
import { letters } from './letters.js';

/** Channels of the stem and of the three blocks. */
const depths = [16, 32, 64] as const;

export const lettersNetwork: OwnNetwork = {
  name: 'letters',
  imageSize: 64,
  preprocessing: 'caffe',
  labels: letters,
  build: (images: Tensor, { numClasses = letters.length, isTraining = false }: Options<NetworkOptions>) =>
    argScope(resnetArgScope({ weightDecay: 1e-4, batchNormDecay: 0.9 }), () => {
      // The colour of a background says nothing about the letter.
      const mean = reduceMean(images, [1, 2], { keepDims: true });
      const centred = multiply(subtract(images, mean), constant(1 / 64));
      const stem = argScope([batchNorm], { isTraining }, () =>
        conv2d(centred, depths[0], 3, { stride: 2, scope: 'letters/stem' }),
      );
      const blocks = [
        resnetV1BasicBlock('block1', { baseDepth: depths[0], numUnits: 2, stride: 2 }),
        resnetV1BasicBlock('block2', { baseDepth: depths[1], numUnits: 2, stride: 2 }),
        resnetV1BasicBlock('block3', { baseDepth: depths[2], numUnits: 2, stride: 1 }),
      ];
      return resnetV1(stem, blocks, { numClasses, isTraining, includeRootBlock: false, scope: 'letters' });
    }),
};
