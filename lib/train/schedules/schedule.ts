/** What a schedule is: data, with the formula behind it. */
import { describe } from '../../core/dtype.js';
import type { Tensor, Variable } from '../../core/graph.js';
import { checkInteger } from '../../core/options.js';
import { ArgumentError } from '../../errors.js';
import { cast } from '../../slim/math.js';
import { type Arithmetic, numbers, tensors } from './arithmetic.js';

/** A learning rate as a function of the step, in any arithmetic. */
export type Formula = <T>(m: Arithmetic<T>, step: T) => T;

const formulaOf = Symbol('formula');

/** A learning rate that changes from step to step: `kind` and numbers, which can be printed and compared. */
export interface Schedule<K extends string = string> {
  readonly kind: K;
  /** The learning rate of the step with this number, which counts from 0; rounded to float32, as in the plan. @throws ArgumentError */
  at(step: number): number;
  /** @internal */
  readonly [formulaOf]: Formula;
}

/** Data as a schedule. What computes does not count among the data: it is not enumerable. */
export function makeSchedule<const D extends { readonly kind: string }>(
  data: D,
  formula: Formula,
): Schedule<D['kind']> & D {
  const at = (step: number): number => {
    checkInteger(`schedules.${data.kind}`, 'step', step, 0, Number.MAX_SAFE_INTEGER);
    return formula(numbers, Math.fround(step));
  };
  const made = Object.defineProperties({ ...data }, { at: { value: at }, [formulaOf]: { value: formula } });
  return Object.freeze(made) as Schedule<D['kind']> & D;
}

export function isSchedule(value: unknown): value is Schedule {
  return typeof value === 'object' && value !== null && formulaOf in value;
}

/** The schedule as nodes of the graph that is being built: a float32 scalar. */
export function scheduleTensor(schedule: Schedule, globalStep: Variable): Tensor {
  const { graph } = globalStep.tensor;
  return graph.withNameScope(schedule.kind, () => schedule[formulaOf](tensors, cast(globalStep.tensor, 'float32')));
}

/** The formula of a schedule, for one that is made of it. */
export function scheduleFormula(schedule: Schedule): Formula {
  return schedule[formulaOf];
}

/** @throws ArgumentError unless the value is a finite number that `fits` */
export function checkNumber(
  where: string,
  name: string,
  value: unknown,
  expected = 'a finite number',
  fits: (value: number) => boolean = () => true,
): asserts value is number {
  if (typeof value !== 'number' || !Number.isFinite(value) || !fits(value))
    throw new ArgumentError(`${where}: ${name}: expected ${expected}, received ${describe(value)}.`);
}

/** @throws ArgumentError unless the value is a number above 0 */
export function checkPositive(where: string, name: string, value: unknown): asserts value is number {
  checkNumber(where, name, value, 'a number above 0', (v) => v > 0);
}

/** @throws ArgumentError unless the value is a number that is not negative */
export function checkRate(where: string, name: string, value: unknown): asserts value is number {
  checkNumber(where, name, value, 'a number that is not negative', (v) => v >= 0);
}
