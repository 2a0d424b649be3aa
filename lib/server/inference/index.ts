export { callOptions } from './call_options.js';
export { inputName } from './images.js';
export { type Call, cardOf, classifyPicture, infer, metadataOf, serverMetadata } from './infer.js';
