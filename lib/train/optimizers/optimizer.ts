/** What an optimizer is: data, with the rule behind it. */
import { describe } from '../../core/dtype.js';
import { Tensor } from '../../core/graph.js';
import { ArgumentError } from '../../errors.js';
import { checkRate, isSchedule, type Schedule } from '../schedules/schedule.js';

/** A number, a schedule of the graph's global step, or a float32 scalar of the graph. */
export type LearningRate = number | Schedule | Tensor;

/** State that an optimizer keeps for each variable: another variable of its shape. */
export interface Slot {
  /** Its name in checkpoints is `<variable>/<name>`: TensorFlow's. */
  readonly name: string;
  /** The first value of each element. */
  readonly initial: number;
}

/** A power of a hyperparameter, which grows by one factor with each step: a scalar variable. */
export interface Power {
  readonly name: string;
  readonly base: number;
}

/** What an update of one variable is computed from: values at the beginning of the run. */
export interface UpdateInputs {
  readonly variable: Tensor;
  readonly slots: readonly Tensor[];
  readonly powers: readonly Tensor[];
  /** A scalar of the variable's dtype. */
  readonly learningRate: Tensor;
  readonly gradient: Tensor;
  /** The variable's name. */
  readonly name: string;
}

/** How an optimizer changes variables. */
export interface Rule {
  /** The name scope of its ops: TensorFlow's name of the optimizer. */
  readonly scope: string;
  readonly slots: readonly Slot[];
  readonly powers?: readonly Power[];
  /** Adds the update of one variable to the graph, and returns its result. */
  update(inputs: UpdateInputs): Tensor;
}

const ruleOf = Symbol('rule');

/** How gradients change variables: `kind`, `learningRate` and hyperparameters, which can be printed and compared. */
export interface Optimizer<K extends string = string> {
  readonly kind: K;
  readonly learningRate: LearningRate;
  /** @internal */
  readonly [ruleOf]: Rule;
}

/** Data as an optimizer. The rule does not count among the data: it is not enumerable. @throws ArgumentError for the learning rate */
export function makeOptimizer<const D extends { readonly kind: string; readonly learningRate: LearningRate }>(
  data: D,
  rule: Rule,
): Optimizer<D['kind']> & D {
  const { kind, learningRate } = data;
  const where = `optimizers.${kind}`;
  if (typeof learningRate === 'number') checkRate(where, 'learningRate', learningRate);
  else if (!isSchedule(learningRate) && !((learningRate as unknown) instanceof Tensor)) {
    throw new ArgumentError(
      `${where}: learningRate: expected a number, a schedule or a scalar tensor, received ${describe(learningRate)}.`,
    );
  }
  const made = Object.defineProperty({ ...data }, ruleOf, { value: rule });
  return Object.freeze(made) as Optimizer<D['kind']> & D;
}

/** The rule of an optimizer. @throws ArgumentError for what is none */
export function ruleOfOptimizer(optimizer: Optimizer, where: string): Rule {
  const given: unknown = optimizer;
  if (typeof given !== 'object' || given === null || !(ruleOf in given)) {
    throw new ArgumentError(`${where}: expected an optimizer, received ${describe(given)}.`, {
      hint: 'optimizers.momentum(0.01, 0.9), for example.',
    });
  }
  return optimizer[ruleOf];
}

/** @throws ArgumentError unless the value is a list of patterns */
export function patterns(where: string, name: string, value: unknown): readonly RegExp[] {
  if (!Array.isArray(value) || !value.every((text) => typeof text === 'string'))
    throw new ArgumentError(`${where}: ${name}: expected a list of patterns of names, received ${describe(value)}.`);
  return value.map((text: string) => {
    try {
      return new RegExp(text);
    } catch (cause) {
      throw new ArgumentError(`${where}: ${name}: ${JSON.stringify(text)} is no regular expression.`, { cause });
    }
  });
}
