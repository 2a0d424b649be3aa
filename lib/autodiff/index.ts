export { type GradientsOptions, gradients } from './gradients.js';
