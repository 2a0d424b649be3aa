/** From gradients to updates of variables, as an optimizer has them. */
import { apply, type Graph, Tensor, type Variable } from '../core/graph.js';
import { accepts, typeText } from '../core/shape.js';
import { ArgumentError, ShapeError } from '../errors.js';
import * as ops from '../ops/index.js';
import { getGlobalStep } from '../slim/global_step.js';
import { cast, multiply } from '../slim/math.js';
import { constant } from '../slim/placeholder.js';
import { type LearningRate, type Optimizer, type Rule, ruleOfOptimizer } from './optimizers/optimizer.js';
import { isSchedule, scheduleTensor } from './schedules/schedule.js';
import { addVariable } from './slots.js';

/** A variable with its gradient; null where it has none. */
export type GradientAndVariable = readonly [gradient: Tensor | null, variable: Variable];

/** What applying gradients has added to the graph. */
export interface AppliedGradients {
  /** Results of all updates: a run that computes one of them changes variables. */
  readonly updates: readonly Tensor[];
  /** The learning rate of the step: a float32 scalar. */
  readonly learningRate: Tensor;
}

/** State of one optimizer in one graph: it is one, however often the optimizer is applied. */
interface State {
  readonly slots: Map<Variable, readonly Variable[]>;
  powers: readonly Variable[] | null;
}

const states = Symbol('optimizers');

/**
 * Adds the updates of the variables, and of the optimizer's own state, to their graph. Variables without a gradient are left out.
 * @param globalStep counts the step; null: nothing does
 * @param scales factors of the learning rate, for variables that have one
 * @throws ArgumentError when no variable has a gradient, or a schedule has no step to follow; ShapeError for gradients that do not fit
 */
export function applyGradients(
  optimizer: Optimizer,
  gradientsAndVariables: readonly GradientAndVariable[],
  globalStep: Variable | null,
  scales: ReadonlyMap<Variable, number> = new Map(),
): AppliedGradients {
  const where = 'applyGradients';
  const rule = ruleOfOptimizer(optimizer, where);
  const pairs = gradientsAndVariables.flatMap(([gradient, variable]) =>
    gradient === null ? [] : [{ gradient, variable }],
  );
  const [first] = pairs;
  if (first === undefined) throw new ArgumentError(`${where}: no variable has a gradient.`);
  for (const { gradient, variable } of pairs) {
    if (gradient.dtype !== variable.dtype || !accepts(variable.shape, gradient.shape))
      throw new ShapeError(`${where}: expected ${typeText(variable)}, received ${typeText(gradient)}.`, {
        node: variable.name,
      });
  }
  const { graph } = first.variable.tensor;
  return graph.build(() => {
    const state = stateOf(graph, optimizer);
    const powers = powersOf(graph, rule, state, first.variable);
    const slots = pairs.map(({ variable }) => slotsOf(graph, rule, state, variable));
    return graph.withNameScope(rule.scope, () => {
      const rate = graph.withNameScope('learning_rate', () => rateTensor(graph, optimizer.learningRate, globalStep));
      const updates = pairs.map(({ gradient, variable }, i) =>
        graph.withNameScope(`update_${variable.name}`, () =>
          rule.update({
            variable: variable.tensor,
            slots: (slots[i] as readonly Variable[]).map(({ tensor }) => tensor),
            powers: powers.map(({ tensor }) => cast(tensor, variable.dtype)),
            learningRate: cast(scaled(rate, scales.get(variable) ?? 1), variable.dtype),
            gradient,
            name: variable.name,
          }),
        ),
      );
      const grown = powers.map((power, i) => {
        const base = constant((rule.powers?.[i]?.base ?? 1) as number, { dtype: power.dtype });
        return apply(ops.assign, { variable: power.tensor, value: multiply(power.tensor, base) }, {}).y;
      });
      return {
        updates: [...updates, ...grown, ...(globalStep === null ? [] : [counted(globalStep)])],
        learningRate: rate,
      };
    });
  });
}

function scaled(rate: Tensor, scale: number): Tensor {
  return scale === 1 ? rate : multiply(rate, constant(scale, { dtype: rate.dtype }));
}

/** Adds 1 to a counter. */
export function counted({ tensor }: Variable): Tensor {
  const value = constant(1, { dtype: tensor.dtype });
  return apply(ops.assignAdd, { variable: tensor, value }, {}, 'AssignAdd').y;
}

function stateOf(graph: Graph, optimizer: Optimizer): State {
  const all = graph.state(states, () => new Map<Optimizer, State>());
  const state = all.get(optimizer) ?? { slots: new Map(), powers: null };
  all.set(optimizer, state);
  return state;
}

function powersOf(graph: Graph, { powers = [] }: Rule, state: State, { dtype }: Variable): readonly Variable[] {
  state.powers ??= powers.map(({ name, base }) => addVariable(graph, name, { dtype, shape: [], initial: base }));
  return state.powers;
}

function slotsOf(graph: Graph, { slots }: Rule, state: State, variable: Variable): readonly Variable[] {
  const { name, dtype, shape } = variable;
  const made =
    state.slots.get(variable) ??
    slots.map((slot) => addVariable(graph, `${name}/${slot.name}`, { dtype, shape, initial: slot.initial }));
  state.slots.set(variable, made);
  return made;
}

function rateTensor(graph: Graph, rate: LearningRate, globalStep: Variable | null): Tensor {
  if (typeof rate === 'number') return constant(rate);
  if (rate instanceof Tensor) {
    if (rate.shape.length !== 0 || rate.graph !== graph)
      throw new ShapeError(`learningRate: expected a scalar of this graph, received ${typeText(rate)}.`, {
        node: rate.name,
      });
    return cast(rate, 'float32');
  }
  const step = globalStep ?? getGlobalStep(graph);
  if (!isSchedule(rate) || step === null)
    throw new ArgumentError('learningRate: a schedule follows the global step, and this graph has none.', {
      hint: 'leave globalStep out, or make one with slim.createGlobalStep.',
    });
  return scheduleTensor(rate, step);
}
