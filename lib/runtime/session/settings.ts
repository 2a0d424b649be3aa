/** What the options of a session come to. */
import { checkInteger, checkOptions } from '../../core/options.js';
import type { ExecutionMode } from '../../native/addon.js';
import type { PlanPrecision } from '../../plan/precision.js';
import { checkCalibration, checkKeepFloat32, hasRanges } from '../precision/calibration.js';
import { backendOf, deviceNamed, resolvePrecision } from '../precision/device.js';
import { type PrecisionReport, precisionReport } from '../precision/precision_report.js';
import { type PackedCacheSettings, packedCacheSettings } from '../programs/packed_cache.js';
import { checkMode } from './mode.js';
import type { SessionOptions } from './types.js';

const where = 'Session.create';
const names = [
  'device',
  'precision',
  'calibration',
  'keepFloat32',
  'threads',
  'mode',
  'queueLimit',
  'programLimit',
  'packedCache',
];

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
  readonly packedCache: PackedCacheSettings | undefined;
}

/** @throws BackendError when device or precision are not available; ArgumentError for wrong options */
export function settingsOf(options: SessionOptions): SessionSettings {
  checkOptions(where, options, names);
  const {
    device = 'cpu',
    precision = 'float32',
    threads = 0,
    mode = 'latency',
    queueLimit = 1024,
    programLimit = 16,
  } = options;
  const backend = backendOf(device);
  const calibration = options.calibration === undefined ? undefined : checkCalibration(options.calibration);
  const keepFloat32 = checkKeepFloat32(where, options.keepFloat32 ?? []);
  if (options.threads !== undefined) checkInteger(where, 'threads', threads, 1, 1024);
  checkMode(where, mode);
  checkInteger(where, 'queueLimit', queueLimit, 1, 2 ** 20);
  checkInteger(where, 'programLimit', programLimit, 1, 2 ** 20);
  const found = deviceNamed(device);
  const choice = resolvePrecision(found, precision, calibration !== undefined && hasRanges(calibration));
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
    threads,
    mode,
    queueLimit,
    programLimit,
    packedCache: packedCacheSettings(where, options.packedCache, choice.chosen),
  };
}
