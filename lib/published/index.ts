/** Weights that TF-Slim published: where they are, and how they come here. */
export { type PublishedArchive, publishedArchive, publishedNetworks } from './archives.js';
export type { DownloadProgress } from './download.js';
export { type FetchedWeights, type FetchWeightsOptions, fetchWeights } from './fetch_weights.js';
export { type KeptWeights, keptWeights, removeWeights } from './kept_weights.js';
export { weightsFolder } from './places.js';
