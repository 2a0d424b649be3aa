/** Averages of variables over the steps of a training run. */
import { describe } from '../core/dtype.js';
import { apply, currentGraph, Tensor, type Variable } from '../core/graph.js';
import { type Defaults, withDefaults } from '../core/options.js';
import { shapeText } from '../core/shape.js';
import { ArgumentError, ShapeError } from '../errors.js';
import * as ops from '../ops/index.js';
import { GraphKeys } from '../slim/collections.js';
import { add, cast, divide, minimum, multiply, subtract } from '../slim/math.js';
import { constant } from '../slim/placeholder.js';
import { checkNumber } from './schedules/schedule.js';
import { addVariable } from './slots.js';

/** Options of `ExponentialMovingAverage`. */
export interface MovingAverageOptions {
  /** Steps made so far, n: the decay is then the smaller of `decay` and (1 + n) / (10 + n). Of a variable it is its value after the step. */
  readonly numUpdates?: Variable | Tensor | number | null;
  /** The last part of the averages' names. Default `ExponentialMovingAverage`. */
  readonly name?: string;
}

const defaults = { numUpdates: null, name: 'ExponentialMovingAverage' } satisfies Defaults<MovingAverageOptions>;

/**
 * Moving averages of variables as tf.train.ExponentialMovingAverage has them: average <- average - (1 - decay) (average - variable). An
 * average begins as its variable does, and reads what the variable is after the step: after the optimizer's update, after those of
 * batch normalization.
 */
export class ExponentialMovingAverage {
  readonly name: string;
  readonly decay: number;
  readonly #numUpdates: Variable | Tensor | number | null;
  readonly #averages = new Map<Variable, Variable>();

  /** @param decay how much of the average each step keeps: 0 to 1. @throws ArgumentError */
  constructor(decay: number, options: MovingAverageOptions = {}) {
    const where = 'ExponentialMovingAverage';
    const { numUpdates, name } = withDefaults(where, options, defaults);
    checkNumber(where, 'decay', decay, '0 to 1', (v) => v >= 0 && v <= 1);
    if (typeof name !== 'string' || name === '')
      throw new ArgumentError(`${where}: name: expected a name, received ${describe(name)}.`);
    if (typeof numUpdates === 'number') checkNumber(where, 'numUpdates', numUpdates, 'a count', (v) => v >= 0);
    this.decay = decay;
    this.name = name;
    this.#numUpdates = numUpdates;
  }

  /**
   * Adds averages and their updates to the graph that is being built.
   * @param variables the trainable ones unless told
   * @returns a tensor: who computes it, or gives it to `createTrainOp` among `updateOps`, updates the averages
   * @throws ArgumentError when there are none, for what is no floating-point variable, and for one that has an average already
   */
  apply(variables: readonly Variable[] = currentGraph().getCollection<Variable>(GraphKeys.trainableVariables)): Tensor {
    const where = 'ExponentialMovingAverage.apply';
    const [first] = variables;
    if (first === undefined) throw new ArgumentError(`${where}: there are no variables to average.`);
    const { graph } = first.tensor;
    for (const variable of variables) {
      if (this.#averages.has(variable))
        throw new ArgumentError(`${where}: ${variable.name} has a moving average already.`, { node: variable.name });
      if (!/^float/.test(variable.dtype))
        throw new ArgumentError(`${where}: ${variable.name} is ${variable.dtype}: only floats have averages.`, {
          node: variable.name,
        });
      const { dtype, shape, initialValue: initial } = variable;
      this.#averages.set(variable, addVariable(graph, this.averageName(variable), { dtype, shape, initial }));
      if (!graph.getCollection(GraphKeys.movingAverageVariables).includes(variable))
        graph.addToCollection(GraphKeys.movingAverageVariables, variable);
    }
    return graph.build(() =>
      graph.withNameScope(this.name, () => {
        const rate = this.#rate();
        const updates = variables.map((variable) => this.#update(variable, rate));
        const last = updates.pop() as Tensor;
        if (updates.length > 0) graph.forceUpdates(last, updates);
        return last;
      }),
    );
  }

  /** The average of a variable. @throws ArgumentError where it has none */
  average(variable: Variable): Variable {
    const average = this.#averages.get(variable);
    if (average === undefined)
      throw new ArgumentError(`ExponentialMovingAverage: ${variable.name} has no average.`, { node: variable.name });
    return average;
  }

  /** The name of a variable's average in checkpoints, whether it has one yet or not. */
  averageName(variable: Variable): string {
    return `${variable.name}/${this.name}`;
  }

  /**
   * Variables by the names of the tensors of a checkpoint: averages for those that are averaged, their own for all others. As
   * `slim.assignFromCheckpoint` and `Saver` take it.
   * @param variables those that are averaged: the trainable ones, and those that `apply` was called with, unless told
   */
  variablesToRestore(variables?: readonly Variable[]): Record<string, Variable> {
    const graph = currentGraph();
    const averaged = new Set(
      variables ?? [
        ...graph.getCollection<Variable>(GraphKeys.trainableVariables),
        ...graph.getCollection<Variable>(GraphKeys.movingAverageVariables),
      ],
    );
    const named: Record<string, Variable> = {};
    for (const variable of averaged) named[this.averageName(variable)] = variable;
    for (const variable of graph.getCollection<Variable>(GraphKeys.globalVariables))
      if (!averaged.has(variable)) named[variable.name] ??= variable;
    return named;
  }

  /** 1 - decay: a number, or a float32 scalar. */
  #rate(): number | Tensor {
    const given = this.#numUpdates;
    if (given === null) return 1 - this.decay;
    const count =
      typeof given === 'number'
        ? constant(given)
        : cast(given instanceof Tensor ? given : newValueOf(given), 'float32');
    if (count.shape.length !== 0)
      throw new ShapeError(
        `ExponentialMovingAverage: numUpdates: expected a scalar, received ${shapeText(count.shape)}.`,
      );
    const grown = divide(add(constant(1), count), add(constant(10), count));
    return subtract(constant(1), minimum(constant(this.decay), grown));
  }

  #update(variable: Variable, rate: number | Tensor): Tensor {
    const average = this.average(variable).tensor;
    const value = newValueOf(variable);
    if (typeof rate === 'number')
      return apply(ops.assignMovingAverage, { variable: average, value }, { decay: this.decay }, 'AssignMovingAvg').y;
    const step = multiply(subtract(value, average), cast(rate, variable.dtype));
    return apply(ops.assignAdd, { variable: average, value: step }, {}, 'AssignMovingAvg').y;
  }
}

function newValueOf({ tensor }: Variable): Tensor {
  return apply(ops.newValue, { variable: tensor }, {}, 'new_value').y;
}
