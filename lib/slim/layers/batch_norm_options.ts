/** What a batch normalization refuses. */
import { describe } from '../../core/dtype.js';
import { Tensor } from '../../core/graph.js';
import { shapeText } from '../../core/shape.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import { GraphKeys } from '../collections.js';
import { checkedOptions } from '../options.js';
import type { BatchNormOptions } from './batch_norm.js';
import { requireBoolean, requireMode } from './common.js';
import { checkDataFormat } from './data_format.js';

/** @throws ArgumentError, ShapeError for options that are wrong or do not go together */
export function checkBatchNormOptions(inputs: Tensor, o: BatchNormOptions, where: string): void {
  checkDataFormat(o.dataFormat, where);
  checkTraining(o, where);
  for (const name of ['center', 'scale', 'trainable', 'zeroDebiasMovingMean', 'renorm'] as const)
    requireBoolean(o[name], `${where}: ${name}`);
  if (o.fused !== null) requireBoolean(o.fused, `${where}: fused`);
  if (typeof o.decay !== 'number' || !(o.decay >= 0 && o.decay <= 1))
    throw new ArgumentError(`${where}: decay: expected 0 to 1, received ${describe(o.decay)}.`);
  if (typeof o.epsilon !== 'number' || !(o.epsilon >= 0))
    throw new ArgumentError(
      `${where}: epsilon: expected a number that is not negative, received ${describe(o.epsilon)}.`,
    );
  checkedOptions(
    `${where}: paramInitializers`,
    new Set(['beta', 'gamma', 'moving_mean', 'moving_variance']),
    o.paramInitializers ?? undefined,
  );
  checkedOptions(`${where}: paramRegularizers`, new Set(['beta', 'gamma']), o.paramRegularizers ?? undefined);
  checkWeights(inputs, o, where);
  checkRenorm(o, where);
}

function checkTraining({ isTraining, zeroDebiasMovingMean }: BatchNormOptions, where: string): void {
  requireMode(isTraining, `${where}: isTraining`);
  if (typeof isTraining !== 'boolean' && zeroDebiasMovingMean)
    throw new ArgumentError(
      `${where}: zeroDebiasMovingMean is not supported where isTraining is a tensor: the number of updates would count on.`,
      { hint: 'build twice with reuse, for isTraining true and false.' },
    );
}

function checkWeights({ shape }: Tensor, { batchWeights }: BatchNormOptions, where: string): void {
  if (batchWeights === null) return;
  if (!(batchWeights instanceof Tensor))
    throw new ArgumentError(`${where}: batchWeights: expected a tensor or null, received ${describe(batchWeights)}.`);
  const [images] = shape;
  const [weights] = batchWeights.shape;
  const fits = batchWeights.shape.length === 1 && (images === weights || images === null || weights === null);
  if (!fits)
    throw new ShapeError(
      `${where}: batchWeights: expected one weight for each of ${shapeText(shape)}, received ${shapeText(batchWeights.shape)}.`,
    );
}

function checkRenorm(o: BatchNormOptions, where: string): void {
  if (o.renorm) {
    const custom = o.updatesCollections !== GraphKeys.updateOps;
    if (o.batchWeights !== null || custom || o.zeroDebiasMovingMean)
      throw new ArgumentError(
        `${where}: renorm is not supported with batchWeights, updatesCollections or zeroDebiasMovingMean.`,
      );
    throw new ArgumentError(`${where}: renorm: batch renormalization is not supported.`);
  }
  if (o.adjustment !== null) throw new ArgumentError(`${where}: adjustment is not supported.`);
}
