/** The devices on which a session can run. */
import { describe } from '../../core/dtype.js';
import { anyOf } from '../../core/options.js';
import { type ComputePrecision, computePrecisions, precisions } from '../../core/precision.js';
import { ArgumentError, BackendError } from '../../errors.js';
import { loadAddon } from '../../native/binding.js';

/** One device as `devices()` lists it. */
export interface Device {
  /** What `Session.create` takes as `device`. */
  readonly name: string;
  /** The backend that computes there. */
  readonly backend: string;
  readonly available: boolean;
  /** Why it is not available; empty when it is. */
  readonly reason: string;
  /** The processor, e.g. `Intel(R) Xeon(R) Processor`. */
  readonly hardware: string;
  /** Instruction sets or other abilities of the hardware. */
  readonly features: readonly string[];
  /** Products of bfloat16 numbers that its vectors make in the time of one of float32, measured; 0 without such instructions. */
  readonly bfloat16Rate: number;
  /** By precision: why it cannot be had there; '' where it can. */
  readonly precisions: Readonly<Record<ComputePrecision, string>>;
}

function precisionsOf(refusal: (precision: ComputePrecision) => string): Record<ComputePrecision, string> {
  return Object.fromEntries(computePrecisions.map((precision) => [precision, refusal(precision)])) as Record<
    ComputePrecision,
    string
  >;
}

const known: Readonly<Record<string, string>> = { cpu: 'onednn', reference: 'reference', null: 'null' };
const noCuda = 'this version of slimnet has no backend for NVIDIA GPUs yet';

/** All devices that slimnet knows, with the reason where one cannot be used here. A backend of an addon with more is a device, too. */
export function devices(): Device[] {
  const present = new Map(
    loadAddon()
      .backends()
      .map((backend) => [backend.name, backend]),
  );
  const more = [...present.keys()].filter((backend) => !Object.values(known).includes(backend));
  const pairs = [...Object.entries(known), ...more.map((backend) => [backend, backend] as const)];
  const cpus = pairs.map(([name, backend]): Device => {
    const found = present.get(backend);
    if (found === undefined) {
      const reason = `the native addon was built without the backend ${backend}`;
      return missing(name, backend, reason);
    }
    const { available, reason, hardware, features, bfloat16Rate, refused } = found;
    const precisions = precisionsOf((precision) => (available ? (refused[precision] ?? '') : reason));
    return { name, backend, available, reason, hardware, features, bfloat16Rate, precisions };
  });
  return [...cpus, missing('cuda', 'cudnn', noCuda)];
}

function missing(name: string, backend: string, reason: string): Device {
  return {
    name,
    backend,
    available: false,
    reason,
    hardware: '',
    features: [],
    bfloat16Rate: 0,
    precisions: precisionsOf(() => reason),
  };
}

/**
 * The backend of a device. There is no falling back to another one.
 * @throws BackendError when the device is missing or unknown
 */
export function backendOf(device: unknown): string {
  if (typeof device !== 'string') {
    throw new ArgumentError(`device: expected one of ${Object.keys(known).join(', ')}, received ${describe(device)}.`);
  }
  if (Object.hasOwn(known, device)) return known[device] as string;
  if (/^(cuda|gpu)(:\d+)?$/i.test(device)) {
    throw new BackendError(`Device ${device} cannot be used: ${noCuda}.`, { hint: "use device 'cpu'." });
  }
  const found = devices().find((listed) => listed.name === device);
  if (found !== undefined) return found.backend;
  throw new BackendError(`There is no device ${describe(device)}; there are ${Object.keys(known).join(', ')}.`);
}

/** A precision, and why it is that one. */
export interface PrecisionChoice {
  readonly chosen: ComputePrecision;
  /** A few words: `AMX`, or `asked for`. */
  readonly why: string;
}

/** The device of a name that `backendOf` knows. */
export function deviceNamed(name: string): Device {
  const found = devices().find((device) => device.name === name);
  if (found === undefined) throw new BackendError(`There is no device ${name}.`);
  return found;
}

/**
 * The precision that a session computes with. `auto` is int8 where there is a calibration, bfloat16 on a processor with a matrix
 * unit (AMX) or with vectors that are fast with it, and float32 on all others, where bfloat16 is slower (docs/precision.md).
 * @throws BackendError when the device cannot compute so; ArgumentError for int8 without a calibration
 */
export function resolvePrecision(device: Device, precision: unknown, calibrated: boolean): PrecisionChoice {
  if (precision === 'auto') return fastest(device, calibrated);
  if (!computePrecisions.includes(precision as ComputePrecision))
    throw new ArgumentError(`precision: expected ${anyOf(precisions)}, received ${describe(precision)}.`);
  const wanted = precision as ComputePrecision;
  const refusal = device.precisions[wanted];
  if (wanted !== 'float32' && refusal !== '') {
    throw new BackendError(`Precision ${wanted} cannot be had on device ${device.name}: ${refusal}.`, {
      hint: "use precision 'float32', or 'auto' for what is fastest here.",
    });
  }
  if (wanted === 'int8' && !calibrated) {
    throw new ArgumentError('precision: int8 needs a calibration, the ranges of all values.', {
      hint: 'make one with `slimnet quantize` or session.calibrate(), and pass it as calibration.',
    });
  }
  return { chosen: wanted, why: 'asked for' };
}

/** The instructions that oneDNN uses, by its own name; empty for devices without it. */
export function instructionSet(features: readonly string[]): string {
  const prefix = 'onednn_isa ';
  return features.find((feature) => feature.startsWith(prefix))?.slice(prefix.length) ?? '';
}

/** What is known of a device that says how fast it is in each precision. */
type Speeds = Pick<Device, 'features' | 'bfloat16Rate' | 'precisions'>;

/** From here on bfloat16 is taken for faster than float32, which saves a third of resnet_v1_50's products by Winograd's method. */
const leastBfloat16Rate = 1.5;

/** What computes fastest on a device. int8 was measured to be faster than float32 without VNNI as well (docs/performance.md). */
export function fastest(device: Speeds, calibrated: boolean): PrecisionChoice {
  const { features, precisions } = device;
  const isa = instructionSet(features);
  if (calibrated && precisions.int8 === '') return { chosen: 'int8', why: `calibrated, ${isa || 'plain code'}` };
  const bfloat16 = speedOfBfloat16(device, isa);
  if (bfloat16.fast && precisions.bfloat16 === '') return { chosen: 'bfloat16', why: bfloat16.text };
  const noBfloat16 = bfloat16.fast ? `no bfloat16: ${precisions.bfloat16}` : bfloat16.text;
  const noInt8 = calibrated ? `no int8: ${precisions.int8}` : 'not calibrated for int8';
  return { chosen: 'float32', why: `${noBfloat16}, ${noInt8}` };
}

function speedOfBfloat16({ features, bfloat16Rate }: Speeds, isa: string): { fast: boolean; text: string } {
  if (isa.includes('amx') && features.includes('amx_bf16')) return { fast: true, text: 'AMX' };
  if (bfloat16Rate === 0) return { fast: false, text: 'no AMX' };
  const rate = `${bfloat16Rate.toFixed(1)} times the products of float32`;
  return bfloat16Rate >= leastBfloat16Rate
    ? { fast: true, text: `${isa}, ${rate}` }
    : { fast: false, text: `no AMX, bfloat16 has ${rate}` };
}
