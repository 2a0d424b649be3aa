/** What `slim` is to a user: TF-Slim's functions, those that need a session included. */
export * from './runtime/variables/assign.js';
export * from './slim/index.js';
export * as learning from './slim/learning/index.js';
