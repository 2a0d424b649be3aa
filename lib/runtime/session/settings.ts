/** What the options of a session come to. */
import { checkInteger, checkNumber, checkOneOf, type Defaults, withDefaults } from '../../core/options.js';
import { warnOnce } from '../../core/warn_once.js';
import type { ExecutionMode, NativeGpuOptions } from '../../native/addon.js';
import type { PlanPrecision } from '../../plan/precision.js';
import { checkCalibration, checkKeepFloat32, hasRanges } from '../precision/calibration.js';
import { backendOf, defaultMinAgreement, resolvePrecision, usableDevice } from '../precision/device.js';
import { type PrecisionReport, precisionReport } from '../precision/precision_report.js';
import { type PackedCacheSettings, packedCacheSettings } from '../programs/packed_cache.js';
import { sharedWeightsSettings } from '../programs/shared_weights.js';
import { type GpuOptions, gpuSettings } from './gpu_options.js';
import { executionModes } from './mode.js';
import type { SessionOptions } from './types.js';

const where = 'Session.create';
const defaults = {
  device: 'cpu',
  precision: 'float32',
  calibration: undefined,
  minAgreement: defaultMinAgreement,
  keepFloat32: [],
  threads: undefined,
  mode: 'latency',
  queueLimit: 1024,
  programLimit: 16,
  variableUpdates: 'buffered',
  packedCache: false,
  sharedWeights: false,
  gpu: undefined,
} satisfies Defaults<SessionOptions>;

/** Options that were checked, with the defaults of those that were left out. */
export interface SessionSettings {
  readonly device: string;
  readonly backend: string;
  readonly precision: PlanPrecision;
  readonly precisionReport: PrecisionReport;
  /** 0: as many as there are cores. */
  readonly threads: number;
  readonly mode: ExecutionMode;
  readonly queueLimit: number;
  readonly programLimit: number;
  readonly updatesInPlace: boolean;
  readonly packedCache: PackedCacheSettings | undefined;
  /** A folder. */
  readonly sharedWeights: string | undefined;
  readonly gpu: NativeGpuOptions | undefined;
  /** What it was made of. */
  readonly gpuOptions: GpuOptions | undefined;
}

/** @throws BackendError when device or precision are not available; ArgumentError for wrong options */
export function settingsOf(options: SessionOptions): SessionSettings {
  const {
    device,
    precision,
    threads,
    mode,
    queueLimit,
    programLimit,
    variableUpdates,
    packedCache,
    sharedWeights,
    gpu,
    ...accuracy
  } = withDefaults(where, options, defaults);
  const backend = backendOf(device);
  const calibration = accuracy.calibration === undefined ? undefined : checkCalibration(accuracy.calibration);
  const keepFloat32 = checkKeepFloat32(where, accuracy.keepFloat32);
  checkNumber(where, 'minAgreement', accuracy.minAgreement, 0, 1);
  if (threads !== undefined) checkInteger(where, 'threads', threads, 1, 1024);
  checkOneOf(where, 'mode', mode, executionModes);
  checkInteger(where, 'queueLimit', queueLimit, 1, 2 ** 20);
  checkInteger(where, 'programLimit', programLimit, 1, 2 ** 20);
  checkOneOf(where, 'variableUpdates', variableUpdates, ['buffered', 'inPlace']);
  const found = usableDevice(device);
  const choice = resolvePrecision(found, precision, {
    calibrated: calibration !== undefined && hasRanges(calibration),
    costs: calibration?.costs ?? {},
    minAgreement: accuracy.minAgreement,
  });
  if (choice.warning !== undefined) warnOnce(choice.warning, 'SLIMNET_EMULATED');
  const planPrecision = {
    precision: choice.chosen,
    ranges: calibration?.ranges ?? {},
    keepFloat32: [...keepFloat32, ...(calibration?.keepFloat32 ?? [])],
  };
  return {
    device,
    backend,
    precision: planPrecision,
    precisionReport: precisionReport(precision, choice, calibration?.costs ?? {}, found.features),
    threads: threads ?? 0,
    mode,
    queueLimit,
    programLimit,
    updatesInPlace: variableUpdates === 'inPlace',
    packedCache: packedCacheSettings(where, packedCache, choice.chosen),
    sharedWeights: sharedWeightsSettings(where, sharedWeights),
    gpu: gpuSettings(where, gpu, found),
    gpuOptions: gpu,
  };
}
