/**
 * The networks of the Visual Geometry Group, fully convolutional:
 * [1] Karen Simonyan, Andrew Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition. arXiv:1409.1556
 */
import type { Tensor } from '../../core/graph.js';
import { relu } from '../activations.js';
import { type ArgScope, argScope } from '../arg_scope.js';
import { convertCollectionToDict } from '../collections.js';
import { zerosInitializer } from '../initializers.js';
import { requireBoolean } from '../layers/common.js';
import { conv2d, dropout, fullyConnected, maxPool2d, repeat } from '../layers/index.js';
import { reduceMean, squeeze } from '../math.js';
import { mergeOptions, type Options } from '../options.js';
import { l2Regularizer } from '../regularizers.js';
import { lastDimension, requireTensor } from '../utils.js';
import { type Scope, variableScope } from '../variable_scope.js';
import type { VggBuilder } from './end_points.js';
import { type Network, numberOfClasses } from './network.js';

/** The defaults with which the networks of [1] were trained, as a scope to be entered by `argScope`. */
export function vggArgScope(options: Options<{ weightDecay: number }> = {}): ArgScope {
  const { weightDecay } = mergeOptions('vggArgScope', { weightDecay: 0.0005 }, options);
  const defaults = {
    activationFn: relu,
    weightsRegularizer: l2Regularizer(weightDecay),
    biasesInitializer: zerosInitializer(),
  };
  return argScope([conv2d, fullyConnected], defaults, () => argScope([conv2d], { padding: 'SAME' }, (scope) => scope));
}

/** Options of the networks of [1]. */
export interface VggOptions {
  /** Classes of the logits; null or 0 ends the network with fc7. */
  numClasses: number | null;
  /** Whether dropout drops. */
  isTraining: boolean;
  /** Probability with which an activation of fc6 and fc7 is kept in training. */
  dropoutKeepProb: number;
  /** Logits of [N, numClasses], which takes a map of one pixel: images of 224 pixels, or `globalPool`. */
  spatialSqueeze: boolean;
  scope: Scope;
  /** Padding of fc6, whose kernel has 7x7 pixels: SAME or VALID. */
  fcConvPadding: string;
  /** Average over height and width before the logits: the end point `global_pool`. */
  globalPool: boolean;
}

const defaults: VggOptions = {
  numClasses: 1000,
  isTraining: true,
  dropoutKeepProb: 0.5,
  spatialSqueeze: true,
  scope: null,
  fcConvPadding: 'VALID',
  globalPool: false,
};

/** A network of [1] by how many convolutions stand before each of its five poolings. */
function vgg<const Name extends string, const Counts extends readonly [number, number, number, number, number]>(
  name: Name,
  counts: Counts,
) {
  const own: VggOptions = { ...defaults, scope: name };
  const [n1, n2, n3, n4, n5] = counts;
  const build = (inputs: Tensor, options: Options<VggOptions> = {}): Network => {
    const o = mergeOptions(name, own, options);
    const numClasses = numberOfClasses(o.numClasses, name);
    requireBoolean(o.spatialSqueeze, `${name}: spatialSqueeze`);
    requireBoolean(o.globalPool, `${name}: globalPool`);
    requireTensor(inputs, name);
    lastDimension(inputs.shape, 4);
    const { dropoutKeepProb: keepProb, isTraining } = o;
    return variableScope(o.scope, name, (sc) => {
      const collection = `${sc.originalNameScope}_end_points`;
      return argScope([conv2d, fullyConnected, maxPool2d], { outputsCollections: collection }, () => {
        let net = repeat(inputs, n1, conv2d, 64, [3, 3], { scope: 'conv1' });
        net = maxPool2d(net, [2, 2], { scope: 'pool1' });
        net = repeat(net, n2, conv2d, 128, [3, 3], { scope: 'conv2' });
        net = maxPool2d(net, [2, 2], { scope: 'pool2' });
        net = repeat(net, n3, conv2d, 256, [3, 3], { scope: 'conv3' });
        net = maxPool2d(net, [2, 2], { scope: 'pool3' });
        net = repeat(net, n4, conv2d, 512, [3, 3], { scope: 'conv4' });
        net = maxPool2d(net, [2, 2], { scope: 'pool4' });
        net = repeat(net, n5, conv2d, 512, [3, 3], { scope: 'conv5' });
        net = maxPool2d(net, [2, 2], { scope: 'pool5' });
        // Convolutions in place of fully connected layers: larger images give a map of logits.
        net = conv2d(net, 4096, [7, 7], { padding: o.fcConvPadding, scope: 'fc6' });
        net = dropout(net, { keepProb, isTraining, scope: 'dropout6' });
        net = conv2d(net, 4096, [1, 1], { scope: 'fc7' });
        const endPoints = convertCollectionToDict(collection);
        if (o.globalPool) {
          net = reduceMean(net, [1, 2], { keepDims: true, name: 'global_pool' });
          endPoints.global_pool = net;
        }
        if (numClasses > 0) {
          net = dropout(net, { keepProb, isTraining, scope: 'dropout7' });
          net = conv2d(net, numClasses, [1, 1], { activationFn: null, normalizerFn: null, scope: 'fc8' });
          if (o.spatialSqueeze) net = squeeze(net, [1, 2], 'fc8/squeezed');
          endPoints[`${sc.name}/fc8`] = net;
        }
        return { net, endPoints };
      });
    });
  };
  return build as VggBuilder<VggOptions, Name, Counts>;
}

/** The 11 layers of configuration A. @param inputs images [N, H, W, 3], H and W at least 224 */
export const vggA = vgg('vgg_a', [1, 1, 2, 2, 2]);

/** The 16 layers of configuration D. */
export const vgg16 = vgg('vgg_16', [2, 2, 3, 3, 3]);

/** The 19 layers of configuration E. */
export const vgg19 = vgg('vgg_19', [2, 2, 4, 4, 4]);

export { vgg16 as vggD, vgg19 as vggE };
