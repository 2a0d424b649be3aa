import { checkBoolean, type Defaults, withDefaults } from '../../core/options.js';
import { checkPositive, checkRate, makeSchedule, type Schedule } from './schedule.js';

/** Options of `exponentialDecay`. */
export interface ExponentialDecayOptions {
  /** The rate stays the same for `decaySteps` steps at a time. Default false. */
  readonly staircase?: boolean;
}

/** Data of an exponential decay. */
export interface ExponentialDecay extends Schedule<'exponentialDecay'> {
  readonly learningRate: number;
  readonly decaySteps: number;
  readonly decayRate: number;
  readonly staircase: boolean;
}

const defaults = { staircase: false } satisfies Defaults<ExponentialDecayOptions>;

/** learningRate decayRate^(step / decaySteps), as tf.train.exponential_decay. @throws ArgumentError */
export function exponentialDecay(
  learningRate: number,
  decaySteps: number,
  decayRate: number,
  options: ExponentialDecayOptions = {},
): ExponentialDecay {
  const where = 'schedules.exponentialDecay';
  const { staircase } = withDefaults(where, options, defaults);
  checkRate(where, 'learningRate', learningRate);
  checkPositive(where, 'decaySteps', decaySteps);
  checkPositive(where, 'decayRate', decayRate);
  checkBoolean(where, 'staircase', staircase);
  return makeSchedule({ kind: 'exponentialDecay', learningRate, decaySteps, decayRate, staircase }, (m, step) => {
    const passed = m.div(step, m.number(decaySteps));
    return m.mul(m.number(learningRate), m.pow(m.number(decayRate), staircase ? m.floor(passed) : passed));
  });
}
