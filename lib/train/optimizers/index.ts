/** Optimizers with TensorFlow 1's semantics and names of slots: `optimizers`. Each is data; `createTrainOp` makes it part of the plan. */
export { type Adadelta, type AdadeltaOptions, adadelta } from './adadelta.js';
export { type Adagrad, type AdagradOptions, adagrad } from './adagrad.js';
export { type Adam, type AdamOptions, adam } from './adam.js';
export { type AdamW, type AdamWOptions, adamW } from './adam_w.js';
export { type Ftrl, type FtrlOptions, ftrl } from './ftrl.js';
export { type GradientDescent, gradientDescent } from './gradient_descent.js';
export { type Lars, type LarsOptions, lars } from './lars.js';
export { type Momentum, type MomentumOptions, momentum } from './momentum.js';
export type { LearningRate, Optimizer } from './optimizer.js';
export { type RmsProp, type RmsPropOptions, rmsProp } from './rms_prop.js';
