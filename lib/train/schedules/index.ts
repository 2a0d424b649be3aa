/** Learning rates that change: `schedules`. Each is data with `at(step)`; given to an optimizer it becomes part of the plan. */
export { constant } from './constant.js';
export { type CosineDecay, type CosineDecayOptions, cosineDecay } from './cosine_decay.js';
export { type ExponentialDecay, type ExponentialDecayOptions, exponentialDecay } from './exponential_decay.js';
export { type PiecewiseConstant, piecewiseConstant } from './piecewise_constant.js';
export { type PolynomialDecay, type PolynomialDecayOptions, polynomialDecay } from './polynomial_decay.js';
export type { Schedule } from './schedule.js';
export { type Warmup, warmup } from './warmup.js';
