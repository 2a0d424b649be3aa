export { callOptions, type Wish, wishOf } from './call_options.js';
export { configurationOf } from './configuration.js';
export { inputName } from './images.js';
export { type Call, cardOf, classifyPicture, infer, metadataOf, serverMetadata } from './infer.js';
