/** Where in an image a model sees a class, and what its layers hold. */
export { type ExplainMethod, type ExplainOptions, type Explanation, explain, explainMethods } from './explain.js';
export { explanationPng, heatPicture } from './heat.js';
export { featureSheet, filterSheet } from './sheets.js';
