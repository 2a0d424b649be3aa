import { type Defaults, withDefaults } from '../../core/options.js';
import { checkNumber, checkPositive, checkRate, makeSchedule, type Schedule } from './schedule.js';

/** Options of `cosineDecay`. */
export interface CosineDecayOptions {
  /** What is left in the end, as a part of the learning rate. Default 0. */
  readonly alpha?: number;
}

/** Data of a cosine decay. */
export interface CosineDecay extends Schedule<'cosineDecay'> {
  readonly learningRate: number;
  readonly decaySteps: number;
  readonly alpha: number;
}

const defaults = { alpha: 0 } satisfies Defaults<CosineDecayOptions>;

/**
 * learningRate ((1 - alpha) (1 + cos(pi min(step, decaySteps) / decaySteps)) / 2 + alpha), as tf.train.cosine_decay (Loshchilov and
 * Hutter, 2017). @throws ArgumentError
 */
export function cosineDecay(learningRate: number, decaySteps: number, options: CosineDecayOptions = {}): CosineDecay {
  const where = 'schedules.cosineDecay';
  const { alpha } = withDefaults(where, options, defaults);
  checkRate(where, 'learningRate', learningRate);
  checkPositive(where, 'decaySteps', decaySteps);
  checkNumber(where, 'alpha', alpha);
  return makeSchedule({ kind: 'cosineDecay', learningRate, decaySteps, alpha }, (m, step) => {
    const [one, length] = [m.number(1), m.number(decaySteps)];
    const passed = m.div(m.min(step, length), length);
    const wave = m.mul(m.number(0.5), m.add(one, m.cos(m.mul(m.number(Math.PI), passed))));
    return m.mul(m.number(learningRate), m.add(m.mul(m.number(1 - alpha), wave), m.number(alpha)));
  });
}
