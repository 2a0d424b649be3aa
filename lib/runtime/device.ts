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
}

/** What numbers a session computes with. */
export type Precision = 'float32' | 'bfloat16' | 'int8' | 'auto';

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
      return { name, backend, available: false, reason, hardware: '', features: [] };
    }
    const { available, reason, hardware, features } = found;
    return { name, backend, available, reason, hardware, features };
  });
  return [...cpus, { name: 'cuda', backend: 'cudnn', available: false, reason: noCuda, hardware: '', features: [] }];
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

/** @throws BackendError for a precision that is not available yet; ArgumentError for one that does not exist */
export function checkPrecision(precision: unknown): void {
  if (precision === 'float32') return;
  if (precision === 'bfloat16' || precision === 'int8' || precision === 'auto') {
    throw new BackendError(`Precision ${precision} is not available yet.`, { hint: "use precision 'float32'." });
  }
  throw new ArgumentError(`precision: expected float32, bfloat16, int8 or auto, received ${describe(precision)}.`);
}
