/** The optimizer that flags describe. */
import { type Optimizer, optimizers, type Schedule, schedules } from '../../train/index.js';
import type { TrainFlags } from './flags.js';

/** How long a training is, as Slim counts it: steps of an epoch need not be whole. */
export interface StepCounts {
  readonly stepsPerEpoch: number;
  readonly steps: number;
}

export function optimizerOf(flags: TrainFlags, counts: StepCounts): Optimizer {
  return (byName[flags.optimizer] as (rate: Schedule, f: TrainFlags) => Optimizer)(scheduleOf(flags, counts), flags);
}

/** The flag's word for an optimizer's kind. */
export function flagOfOptimizer(kind: string): string {
  return kind === 'gradientDescent' ? 'sgd' : kind.toLowerCase();
}

const byName: Readonly<Record<string, (rate: Schedule, f: TrainFlags) => Optimizer>> = {
  sgd: (rate) => optimizers.gradientDescent(rate),
  momentum: (rate, f) => optimizers.momentum(rate, f.momentum),
  rmsprop: (rate, f) =>
    optimizers.rmsProp(rate, { decay: f.rmspropDecay, momentum: f.rmspropMomentum, epsilon: f.optEpsilon }),
  adam: (rate, f) => optimizers.adam(rate, { beta1: f.adamBeta1, beta2: f.adamBeta2, epsilon: f.optEpsilon }),
  adagrad: (rate, f) => optimizers.adagrad(rate, { initialAccumulatorValue: f.adagradInitialAccumulatorValue }),
  adadelta: (rate, f) => optimizers.adadelta(rate, { rho: f.adadeltaRho, epsilon: f.optEpsilon }),
  ftrl: (rate, f) =>
    optimizers.ftrl(rate, {
      learningRatePower: f.ftrlLearningRatePower,
      initialAccumulatorValue: f.ftrlInitialAccumulatorValue,
      l1RegularizationStrength: f.ftrlL1,
      l2RegularizationStrength: f.ftrlL2,
    }),
};

function scheduleOf(f: TrainFlags, { stepsPerEpoch, steps }: StepCounts): Schedule {
  const decaySteps = Math.max(1, Math.floor(stepsPerEpoch * f.numEpochsPerDecay));
  const kinds: Readonly<Record<string, () => Schedule>> = {
    cosine: () => schedules.cosineDecay(f.learningRate, steps),
    fixed: () => schedules.constant(f.learningRate),
    exponential: () =>
      schedules.exponentialDecay(f.learningRate, decaySteps, f.learningRateDecayFactor, { staircase: true }),
    polynomial: () =>
      schedules.polynomialDecay(f.learningRate, decaySteps, { endLearningRate: f.endLearningRate, power: 1 }),
  };
  const schedule = (kinds[f.learningRateDecayType] as () => Schedule)();
  const rise = stepsPerEpoch * f.warmupEpochs;
  return rise > 0 ? schedules.warmup(schedule, Math.max(1, Math.min(rise, steps / 2))) : schedule;
}
