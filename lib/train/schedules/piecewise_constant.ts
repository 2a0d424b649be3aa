import { describe } from '../../core/dtype.js';
import { ArgumentError } from '../../errors.js';
import { checkNumber, checkRate, makeSchedule, type Schedule } from './schedule.js';

/** Data of a piecewise constant schedule. */
export interface PiecewiseConstant extends Schedule<'piecewiseConstant'> {
  readonly boundaries: readonly number[];
  readonly values: readonly number[];
}

/**
 * values[0] up to and including step boundaries[0], values[1] up to boundaries[1], and so on, as tf.train.piecewise_constant.
 * @param boundaries ascending steps
 * @param values one more than there are boundaries
 * @throws ArgumentError
 */
export function piecewiseConstant(boundaries: readonly number[], values: readonly number[]): PiecewiseConstant {
  const where = 'schedules.piecewiseConstant';
  for (const [name, list] of Object.entries({ boundaries, values })) {
    if (!Array.isArray(list))
      throw new ArgumentError(`${where}: ${name}: expected a list of numbers, received ${describe(list)}.`);
  }
  for (const [i, boundary] of boundaries.entries()) {
    const before = boundaries[i - 1] ?? Number.NEGATIVE_INFINITY;
    checkNumber(where, `boundaries[${i}]`, boundary, 'a step behind the one before', (v) => v > before);
  }
  for (const [i, value] of values.entries()) checkRate(where, `values[${i}]`, value);
  if (values.length !== boundaries.length + 1) {
    throw new ArgumentError(
      `${where}: values: expected ${boundaries.length + 1}, one more than boundaries, received ${values.length}.`,
    );
  }
  const data = { kind: 'piecewiseConstant', boundaries: [...boundaries], values: [...values] } as const;
  return makeSchedule(data, (m, step) =>
    data.values
      .map((value) => m.number(value))
      .reduce((before, value, i) => m.ifLess(m.number(data.boundaries[i - 1] as number), step, value, before)),
  );
}
