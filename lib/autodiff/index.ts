export { type GradientsOptions, gradients } from './gradients.js';
export { stopGradient } from './stop_gradient.js';
