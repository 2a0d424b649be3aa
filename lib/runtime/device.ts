/** The devices on which a session can run. */
import { describe } from '../core/dtype.js';
import { ArgumentError, BackendError } from '../errors.js';
import { loadAddon } from '../native/binding.js';

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
  /** By precision: why it cannot be had there; '' where it can. */
  readonly precisions: Readonly<Record<ComputePrecision, string>>;
}

/** What numbers a program computes with. */
export type ComputePrecision = 'float32' | 'bfloat16' | 'int8';

/** What numbers a session computes with. */
export type Precision = ComputePrecision | 'auto';

const computePrecisions: readonly ComputePrecision[] = ['float32', 'bfloat16', 'int8'];

function precisionsOf(refusal: (precision: ComputePrecision) => string): Record<ComputePrecision, string> {
  return { float32: refusal('float32'), bfloat16: refusal('bfloat16'), int8: refusal('int8') };
}

const backends: Readonly<Record<string, string>> = { cpu: 'onednn', reference: 'reference', null: 'null' };
const noCuda = 'this version of slimnet has no backend for NVIDIA GPUs yet';

/** All devices that slimnet knows, with the reason where one cannot be used here. */
export function devices(): Device[] {
  const present = new Map(
    loadAddon()
      .backends()
      .map((backend) => [backend.name, backend]),
  );
  const cpus = Object.entries(backends).map(([name, backend]): Device => {
    const found = present.get(backend);
    if (found === undefined) {
      const reason = `the native addon was built without the backend ${backend}`;
      return missing(name, backend, reason);
    }
    const { available, reason, hardware, features, refused } = found;
    const precisions = precisionsOf((precision) => (available ? (refused[precision] ?? '') : reason));
    return { name, backend, available, reason, hardware, features, precisions };
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
    precisions: precisionsOf(() => reason),
  };
}

/**
 * The backend of a device. There is no falling back to another one.
 * @throws BackendError when the device is missing or unknown
 */
export function backendOf(device: unknown): string {
  if (typeof device !== 'string') {
    throw new ArgumentError(
      `device: expected one of ${Object.keys(backends).join(', ')}, received ${describe(device)}.`,
    );
  }
  if (Object.hasOwn(backends, device)) return backends[device] as string;
  if (/^(cuda|gpu)(:\d+)?$/i.test(device)) {
    throw new BackendError(`Device ${device} cannot be used: ${noCuda}.`, { hint: "use device 'cpu'." });
  }
  throw new BackendError(`There is no device ${describe(device)}; there are ${Object.keys(backends).join(', ')}.`);
}

/**
 * The precision that a session computes with. `auto` is int8 where there is a calibration, bfloat16 on a processor with a matrix
 * unit (AMX), and float32 on all others, where bfloat16 is slower (docs/precision.md).
 * @throws BackendError when the device cannot compute so; ArgumentError for int8 without a calibration
 */
export function resolvePrecision(device: string, precision: unknown, calibrated: boolean): ComputePrecision {
  if (precision === 'float32') return precision;
  const known = precision === 'auto' || computePrecisions.includes(precision as ComputePrecision);
  if (!known)
    throw new ArgumentError(`precision: expected float32, bfloat16, int8 or auto, received ${describe(precision)}.`);
  const found = devices().find(({ name }) => name === device);
  if (found === undefined) throw new BackendError(`There is no device ${device}.`);
  if (precision === 'auto') return fastest(found, calibrated);
  const wanted = precision as ComputePrecision;
  const refusal = found.precisions[wanted];
  if (refusal !== '') {
    throw new BackendError(`Precision ${wanted} cannot be had on device ${device}: ${refusal}.`, {
      hint: "use precision 'float32', or 'auto' for what is fastest here.",
    });
  }
  if (wanted === 'int8' && !calibrated) {
    throw new ArgumentError('precision: int8 needs a calibration, the ranges of all values.', {
      hint: 'make one with `slimnet quantize` or session.calibrate(), and pass it as calibration.',
    });
  }
  return wanted;
}

/** What computes fastest on a device. */
export function fastest(
  { features, precisions }: Pick<Device, 'features' | 'precisions'>,
  calibrated: boolean,
): ComputePrecision {
  const isa = features.find((feature) => feature.startsWith('onednn_isa '))?.slice('onednn_isa '.length) ?? '';
  if (calibrated && precisions.int8 === '') return 'int8';
  const matrix = isa.includes('amx') && features.includes('amx_bf16');
  return matrix && precisions.bfloat16 === '' ? 'bfloat16' : 'float32';
}
