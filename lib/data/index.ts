/** Images: decoding and preprocessing. */
export { type DecodeOptions, decodeImage, defaultMaxPixels, type ImageSource } from './decoding.js';
export { type PreprocessingName, type PreprocessingSpec, preprocessingFor, preprocessings } from './preprocessing.js';
export type { RawImage } from './raw_image.js';
