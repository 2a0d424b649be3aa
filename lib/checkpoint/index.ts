/** Checkpoints: reading and writing TensorFlow's two formats and safetensors, and matching them with variables. */
export { AssignedValues } from './assigned_values.js';
export { writeAtomically, writeFileAtomically } from './atomic_write.js';
export { type ConvertOptions, type ConvertResult, convertCheckpoint } from './convert.js';
export { type Crc32c, crc32c } from './crc32c.js';
export type { CheckpointEntry, Lazy, NumericEntry, StringEntry } from './entries.js';
export { type Filling, type FillingProblem, fillingError, sortFillings } from './filled_values.js';
export { CheckpointReader, openCheckpoint } from './reader.js';
export { removeCheckpoint } from './remove.js';
export {
  type Assignment,
  assertRestorable,
  type Misfit,
  matchVariables,
  type RestoreOptions,
  type RestorePlan,
  type RestoreSource,
  type RestoreVariable,
} from './restore.js';
export { type CheckpointState, latestCheckpoint, readCheckpointState, updateCheckpointState } from './state_file.js';
export type { NameMap, TensorSource } from './tensor_source.js';
export type { CheckpointFormat, ReadOptions, StoredDType, TensorData, TensorInfo } from './types.js';
export { checkpointTarget, type WriteOptions, type WriteResult, writeCheckpoint } from './writer.js';
