/** Running graphs: sessions and the devices that they run on. */
export type { ComputePrecision, LowPrecision, Precision } from '../core/precision.js';
export { type CalibrateOptions, type Calibration, loadCalibration, saveCalibration } from './precision/calibration.js';
export {
  type Device,
  devices,
  type PrecisionChoice,
} from './precision/device.js';
export type {
  LogitComparison,
  PrecisionCost,
  PrecisionCosts,
  PrecisionReport,
} from './precision/precision_report.js';
export type { CalibrationMethod } from './precision/thresholds.js';
export type { KernelDefect, KernelSummary } from './programs/kernels.js';
export type { PackedCacheChoice, PackedCacheOptions, PackedCacheStats } from './programs/packed_cache.js';
export type { SharedWeightsChoice, SharedWeightsOptions, SharedWeightsStats } from './programs/shared_weights.js';
export type { Feed, Feeds, ShapedFeed } from './session/feeds.js';
export {
  type AutotuneOptions,
  type CompileOptions,
  type ExecutionMode,
  type ExecutorStats,
  type GpuOptions,
  type InitializeOptions,
  type ProgramReport,
  type RunOptions,
  type SaveOptions,
  Session,
  type SessionOptions,
  type SessionRestoreOptions,
  type SessionStats,
  type TensorValue,
  type VariableUpdates,
  type WarmupOptions,
} from './session/session.js';
export { Saver, type SaverOptions, type SaverSaveOptions } from './variables/saver.js';
