export { type GradientsOptions, gradients } from './gradients.js';
export { type Recompute, recomputeModes } from './recompute.js';
export { stopGradient } from './stop_gradient.js';
