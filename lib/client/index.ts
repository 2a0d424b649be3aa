/**
 * `slimnet/client`: speaks to a server by the Open Inference Protocol, that of slimnet or another. For Node and browsers: it uses fetch, and nothing
 * else of slimnet.
 */

export {
  ArgumentError,
  ConnectionError,
  ExecutionError,
  isSlimnetError,
  ServerError,
  SlimnetError,
} from '../errors.js';
export type { Datatype, NumberDatatype, Values } from '../server/protocol/datatypes.js';
export type {
  BytesTensor,
  ModelCard,
  ModelMetadata,
  NumberTensor,
  ServerMetadata,
  TensorMetadata,
} from '../server/protocol/types.js';
export { type ClientOptions, createClient, type SlimnetClient } from './client.js';
export type { Picture } from './pictures.js';
export { classesOf, rowsOf } from './tensors.js';
export type {
  CallOptions,
  Classification,
  ClassifyOptions,
  InferOptions,
  InferResult,
  InputTensor,
  ModelOptions,
  OutputTensor,
  Pictures,
  Prediction,
  RequestedOutput,
} from './types.js';
