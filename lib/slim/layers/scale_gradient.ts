import { describe } from '../../core/dtype.js';
import { apply, type Tensor } from '../../core/graph.js';
import { ArgumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { requireTensor } from '../utils.js';

/**
 * The inputs themselves, whose gradient is multiplied by a number: a part of a network learns faster, slower or not at all.
 * @throws ArgumentError unless the multiplier is a finite number
 */
export function scaleGradient(inputs: Tensor, gradientMultiplier: number): Tensor {
  requireTensor(inputs, 'scaleGradient');
  if (typeof gradientMultiplier !== 'number' || !Number.isFinite(gradientMultiplier)) {
    throw new ArgumentError(
      `scaleGradient: gradientMultiplier: expected a finite number, received ${describe(gradientMultiplier)}.`,
    );
  }
  return apply(ops.scaleGradient, { x: inputs }, { factor: gradientMultiplier }, 'ScaleGradient').y;
}
