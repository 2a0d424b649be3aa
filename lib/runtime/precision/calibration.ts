/** What int8 needs to know of a network: the range of every value, found with images like those that it will see. */
import { writeFileAtomically } from '../../checkpoint/files/atomic_write.js';
import { describe } from '../../core/dtype.js';
import { parseJson } from '../../core/json.js';
import { checkSignal, type Defaults, type WithDefaults, withDefaults } from '../../core/options.js';
import { readTextFile, type TextFailure } from '../../core/text.js';
import { ArgumentError, ExecutionError } from '../../errors.js';
import type { NativeRange } from '../../native/addon.js';
import { checkCosts, type PrecisionCosts } from './precision_report.js';
import { type CalibrationMethod, calibrationMethods, merged, rangeOf, type Seen } from './thresholds.js';

const format = 'slimnet.calibration 1';

/** Largest file that is read, in bytes: a network has some hundred ranges. */
const maxFileBytes = 64 * 2 ** 20;

/** Ranges by the name of the node that makes the value, and what precisions cost; JSON as it stands. */
export interface Calibration {
  readonly format: typeof format;
  /** null where there are no ranges. */
  readonly method: CalibrationMethod | null;
  /** Runs that were looked at. */
  readonly runs: number;
  /** None where only costs were measured: int8 cannot be had with them. */
  readonly ranges: Readonly<Record<string, readonly [number, number]>>;
  /** Nodes and scopes that are to stay in float32. */
  readonly keepFloat32: readonly string[];
  /** What precisions cost beside float32, those that were measured: `slimnet quantize` does. */
  readonly costs?: PrecisionCosts;
}

/** A calibration for what is measured without one: costs of bfloat16, which needs no ranges. */
export function withoutRanges(keepFloat32: readonly string[]): Calibration {
  return { format, method: null, runs: 0, ranges: {}, keepFloat32 };
}

/** Whether int8 can be had with it. */
export function hasRanges({ ranges }: Calibration): boolean {
  return Object.keys(ranges).length > 0;
}

/** How a session calibrates. */
export interface CalibrateOptions {
  /** Default `entropy`. */
  readonly method?: CalibrationMethod;
  /** Magnitudes that `percentile` keeps, in percent; 99.99 unless told. */
  readonly percentile?: number;
  /** Nodes and scopes that are to stay in float32, such as `resnet_v1_50/logits`. */
  readonly keepFloat32?: readonly string[];
  readonly signal?: AbortSignal;
}

const calibrateDefaults = {
  method: 'entropy',
  percentile: 99.99,
  keepFloat32: [],
  signal: undefined,
} satisfies Defaults<CalibrateOptions>;

/** @internal @throws ArgumentError */
export function checkCalibrateOptions(
  options: CalibrateOptions,
): WithDefaults<CalibrateOptions, typeof calibrateDefaults> {
  const { method, percentile, keepFloat32, signal } = withDefaults('calibrate', options, calibrateDefaults);
  checkSignal('calibrate', signal);
  if (!calibrationMethods.includes(method))
    throw new ArgumentError(
      `calibrate: method: expected one of ${calibrationMethods.join(', ')}, received ${describe(method)}.`,
    );
  if (typeof percentile !== 'number' || !(percentile > 0 && percentile <= 100))
    throw new ArgumentError(
      `calibrate: percentile: expected a number above 0, at most 100, received ${describe(percentile)}.`,
    );
  return { method, percentile, keepFloat32: checkKeepFloat32('calibrate', keepFloat32), signal };
}

/** @internal @throws ArgumentError */
export function checkKeepFloat32(where: string, keepFloat32: unknown): readonly string[] {
  if (!Array.isArray(keepFloat32) || keepFloat32.some((name) => typeof name !== 'string' || name === ''))
    throw new ArgumentError(
      `${where}: keepFloat32: expected names of nodes or scopes, received ${describe(keepFloat32)}.`,
    );
  return [...(keepFloat32 as string[])];
}

/** @internal The calibration out of what programs saw. @throws ExecutionError when nothing was seen, or NaN or infinity */
export function calibrationOf(
  observed: readonly (readonly NativeRange[])[],
  runs: number,
  { method, percentile, keepFloat32 }: Required<Omit<CalibrateOptions, 'signal'>>,
): Calibration {
  if (runs === 0) throw new ExecutionError('calibrate: no feeds were given, so there is nothing to learn from.');
  const all = new Map<string, Seen>();
  for (const range of observed.flat()) {
    if (range.notFinite > 0)
      throw new ExecutionError(`calibrate: ${range.name} made ${range.notFinite} values that are NaN or infinite.`, {
        node: range.name,
        hint: 'look at the feeds and the weights: integers cannot hold such values.',
      });
    const known = all.get(range.name);
    all.set(range.name, known === undefined ? range : merged(known, range));
  }
  const ranges: Record<string, readonly [number, number]> = {};
  for (const name of [...all.keys()].sort()) ranges[name] = rangeOf(all.get(name) as Seen, method, percentile);
  return { format, method, runs, ranges, keepFloat32 };
}

/** @throws ArgumentError that says what is wrong with it */
export function checkCalibration(value: unknown, where = 'calibration'): Calibration {
  const wrong = (what: string) => new ArgumentError(`${where}: ${what}.`, { hint: 'make it with `slimnet quantize`.' });
  if (typeof value !== 'object' || value === null)
    throw wrong(`expected what calibrate() gives, received ${describe(value)}`);
  const { format: stated, method, runs, ranges, keepFloat32, costs, ...others } = value as Partial<Calibration>;
  if (stated !== format) throw wrong(`expected the format ${format}, received ${describe(stated)}`);
  const [other] = Object.keys(others);
  if (other !== undefined) throw wrong(`unknown property ${describe(other)}`);
  if (!Number.isSafeInteger(runs) || (runs as number) < 0)
    throw wrong(`runs: expected a number of runs, received ${describe(runs)}`);
  if (typeof ranges !== 'object' || ranges === null || Array.isArray(ranges)) throw wrong('ranges are missing');
  const known = calibrationMethods.includes(method as CalibrationMethod);
  if (method === undefined || !(known || (method === null && Object.keys(ranges).length === 0)))
    throw wrong(`unknown method ${describe(method)}`);
  for (const [name, range] of Object.entries(ranges)) {
    const fits =
      Array.isArray(range) &&
      range.length === 2 &&
      range.every((end) => Number.isFinite(end)) &&
      (range[0] as number) <= (range[1] as number);
    if (!fits) throw wrong(`the range of ${name}: expected two numbers in order, received ${describe(range)}`);
  }
  const checked = {
    format,
    method,
    runs: runs as number,
    ranges,
    keepFloat32: checkKeepFloat32(where, keepFloat32),
  } as const;
  return costs === undefined ? checked : { ...checked, costs: checkCosts(costs, wrong) };
}

/** Writes a calibration as JSON, atomically. */
export async function saveCalibration(path: string, calibration: Calibration): Promise<void> {
  const text = `${JSON.stringify(checkCalibration(calibration), null, 1)}\n`;
  await writeFileAtomically(path, Buffer.from(text));
}

/** Reads what `saveCalibration` wrote. @throws ArgumentError for other files, and when it cannot be read */
export async function loadCalibration(path: string): Promise<Calibration> {
  const fail: TextFailure = (what, details) => new ArgumentError(`calibration: ${what}.`, { path, ...details });
  return checkCalibration(parseJson(await readTextFile(path, maxFileBytes, fail), fail), path);
}
