import { checkBoolean, type Defaults, withDefaults } from '../../core/options.js';
import { checkNumber, checkPositive, checkRate, makeSchedule, type Schedule } from './schedule.js';

/** Options of `polynomialDecay`. */
export interface PolynomialDecayOptions {
  /** Default 0.0001. */
  readonly endLearningRate?: number;
  /** Default 1: a straight line. */
  readonly power?: number;
  /** Begins anew, and longer, where it has come to its end. Default false. */
  readonly cycle?: boolean;
}

/** Data of a polynomial decay. */
export interface PolynomialDecay extends Schedule<'polynomialDecay'> {
  readonly learningRate: number;
  readonly decaySteps: number;
  readonly endLearningRate: number;
  readonly power: number;
  readonly cycle: boolean;
}

const defaults = { endLearningRate: 0.0001, power: 1, cycle: false } satisfies Defaults<PolynomialDecayOptions>;

/**
 * (learningRate - endLearningRate) (1 - step / decaySteps)^power + endLearningRate, and endLearningRate after decaySteps, as
 * tf.train.polynomial_decay. With `cycle` decaySteps grows to the next multiple that is not below the step.
 * @throws ArgumentError
 */
export function polynomialDecay(
  learningRate: number,
  decaySteps: number,
  options: PolynomialDecayOptions = {},
): PolynomialDecay {
  const where = 'schedules.polynomialDecay';
  const { endLearningRate, power, cycle } = withDefaults(where, options, defaults);
  checkRate(where, 'learningRate', learningRate);
  checkPositive(where, 'decaySteps', decaySteps);
  checkRate(where, 'endLearningRate', endLearningRate);
  checkNumber(where, 'power', power);
  checkBoolean(where, 'cycle', cycle);
  const data = { kind: 'polynomialDecay', learningRate, decaySteps, endLearningRate, power, cycle } as const;
  return makeSchedule(data, (m, step) => {
    const [zero, one, length, end] = [m.number(0), m.number(1), m.number(decaySteps), m.number(endLearningRate)];
    // The ceiling of x is -floor(-x).
    const cycles = () => m.max(one, m.sub(zero, m.floor(m.sub(zero, m.div(step, length)))));
    const passed = cycle ? m.div(step, m.mul(length, cycles())) : m.div(m.min(step, length), length);
    return m.add(m.mul(m.sub(m.number(learningRate), end), m.pow(m.sub(one, passed), m.number(power))), end);
  });
}
