/** Checkpoints: reading and writing TensorFlow's two formats and safetensors, and matching them with variables. */

export { type Crc32c, crc32c } from '../formats/crc32c.js';
export { type ConvertOptions, type ConvertResult, convertCheckpoint } from './convert/convert.js';
export { type CastDType, castDTypes } from './convert/values.js';
export type { CheckpointEntry, Lazy, NumericEntry, StringEntry } from './entries.js';
export { writeAtomically, writeFileAtomically } from './files/atomic_write.js';
export { checkpointFingerprint } from './fingerprint.js';
export type { OnnxGraph, OnnxNode, OnnxValue } from './onnx/graph.js';
export { type CheckpointSource, openCheckpoint } from './open.js';
export { CheckpointReader } from './reader.js';
export { removeCheckpoint } from './remove.js';
export { AssignedValues } from './restore/assigned_values.js';
export { type Filling, type FillingProblem, fillingError, sortFillings } from './restore/filled_values.js';
export {
  type Assignment,
  assertRestorable,
  type Misfit,
  matchVariables,
  type RestoreOptions,
  type RestorePlan,
  type RestoreSource,
  type RestoreVariable,
} from './restore/match_variables.js';
export { withAverages } from './restore/moving_averages.js';
export type { NameMap, TensorSource } from './restore/tensor_source.js';
export { readRunState, runStateTensors } from './run_state.js';
export {
  type CheckpointState,
  latestCheckpoint,
  readCheckpointState,
  updateCheckpointState,
} from './tensorflow/state_file.js';
export type {
  CheckpointFormat,
  FormatReader,
  ReadOptions,
  StoredDType,
  TensorData,
  TensorInfo,
  WritableFormat,
} from './types.js';
export { checkpointTarget, type WriteOptions, type WriteResult, writeCheckpoint } from './writer.js';
