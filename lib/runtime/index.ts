/** Running graphs: sessions and the devices that they run on. */
export { type CalibrateOptions, type Calibration, loadCalibration, saveCalibration } from './calibration.js';
export { type ComputePrecision, type Device, devices, type Precision, type PrecisionChoice } from './device.js';
export type { Feed, Feeds, ShapedFeed } from './feeds.js';
export type { KernelDefect, KernelSummary } from './kernels.js';
export type { PackedCacheChoice, PackedCacheOptions, PackedCacheStats } from './packed_cache.js';
export type {
  LogitComparison,
  LowPrecision,
  PrecisionCost,
  PrecisionCosts,
  PrecisionReport,
} from './precision_report.js';
export { Saver, type SaverOptions, type SaverSaveOptions } from './saver.js';
export {
  type CompileOptions,
  type ExecutionMode,
  type ExecutorStats,
  type InitializeOptions,
  type ProgramReport,
  type RunOptions,
  type SaveOptions,
  Session,
  type SessionOptions,
  type SessionRestoreOptions,
  type SessionStats,
  type TensorValue,
  type WarmupOptions,
} from './session.js';
export type { CalibrationMethod } from './thresholds.js';
