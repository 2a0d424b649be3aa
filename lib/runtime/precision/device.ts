/** The devices on which a session can run. */
import { describe } from '../../core/dtype.js';
import { anyOf } from '../../core/options.js';
import { type ComputePrecision, computePrecisions, type LowPrecision, precisions } from '../../core/precision.js';
import { ArgumentError, advice, BackendError } from '../../errors.js';
import type { NativeBackend } from '../../native/addon.js';
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
  /** Whether sessions there may have options `gpu`. */
  readonly takesGpuOptions: boolean;
  /** By precision: why it cannot be had there; '' where it can. */
  readonly precisions: Readonly<Record<ComputePrecision, string>>;
}

function precisionsOf(refusal: (precision: ComputePrecision) => string): Record<ComputePrecision, string> {
  return Object.fromEntries(computePrecisions.map((precision) => [precision, refusal(precision)])) as Record<
    ComputePrecision,
    string
  >;
}

/** Devices and their backends. Further ones of a kind are `cuda:1` and so on, with the backend `cudnn:1`. */
const known: Readonly<Record<string, string>> = { cpu: 'onednn', reference: 'reference', null: 'null', cuda: 'cudnn' };

/** The device of a backend: one of an addon with more is called as its backend is. */
function deviceOf(backend: string): string {
  const [kind, index] = backend.split(':', 2) as [string, string?];
  const name = Object.keys(known).find((device) => known[device] === kind) ?? kind;
  return index === undefined ? name : `${name}:${index}`;
}

/** All devices that slimnet knows, with the reason where one cannot be used here. A backend of an addon with more is a device, too. */
export function devices(): Device[] {
  const present = loadAddon().backends();
  const absent = Object.values(known).filter((backend) => present.every(({ name }) => name !== backend));
  return [
    ...present.map(described),
    ...absent.map((backend) =>
      missing(deviceOf(backend), backend, `the native addon was built without the backend ${backend}`),
    ),
  ];
}

function described({ name, refused, ...native }: NativeBackend): Device {
  const { available, reason, hardware, features, bfloat16Rate, takesGpuOptions } = native;
  const precisions = precisionsOf((precision) => (available ? (refused[precision] ?? '') : reason));
  return {
    name: deviceOf(name),
    backend: name,
    available,
    reason,
    hardware,
    features,
    bfloat16Rate,
    takesGpuOptions,
    precisions,
  };
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
    takesGpuOptions: false,
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
  const [, kind, index] = /^(.*?)(?::(\d{1,4}))?$/s.exec(device) as unknown as [string, string, string?];
  const backend = Object.hasOwn(known, kind)
    ? known[kind]
    : loadAddon()
        .backendNames()
        .find((name) => name === kind);
  if (backend === undefined) {
    const gpus = /^(gpu|nvidia)/i.test(device) ? ' NVIDIA GPUs are cuda, cuda:1 and so on.' : '';
    throw new BackendError(
      `There is no device ${describe(device)}; there are ${Object.keys(known).join(', ')}.${gpus}`,
    );
  }
  return index === undefined || Number(index) === 0 ? backend : `${backend}:${Number(index)}`;
}

/**
 * The device, if it can be used.
 * @throws BackendError with the reason where it cannot
 */
export function usableDevice(name: string): Device {
  const device = deviceNamed(name);
  if (device.available) return device;
  throw new BackendError(`Device ${name} cannot be used: ${device.reason}.`, {
    hint: advice`use ${['device', 'cpu']}.`,
  });
}

/** Whether what is computed on a device lies in the host's memory. */
export function sharesHostMemory(device: string): boolean {
  const backend = backendOf(device);
  return loadAddon()
    .backends()
    .some((present) => present.name === backend && present.sharesHostMemory);
}

/** A precision, and why it is that one. */
export interface PrecisionChoice {
  readonly chosen: ComputePrecision;
  /** A few words: `AMX`, or `asked for`; for `auto` also why it is none that would be faster. */
  readonly why: string;
  /** What `auto` did not take because its agreement with float32 is below `minAgreement`, or was not measured. */
  readonly declined?: readonly LowPrecision[];
  /** What is to be thought of a choice that was asked for. */
  readonly warning?: string;
}

/** What is known of a model that decides which low precisions it bears. */
export interface ModelAccuracy {
  /** There are ranges for int8. */
  readonly calibrated: boolean;
  /** Top-1 agreement with float32 of precisions for which it was measured, on images that ranges were not found with. */
  readonly costs: Readonly<Partial<Record<LowPrecision, { readonly images: number; readonly agreement: number }>>>;
  /** The agreement below which `auto` does not take a precision, 0 to 1. */
  readonly minAgreement: number;
}

/** `minAgreement` unless told. */
export const defaultMinAgreement = 0.95;

/**
 * The device of a name that `backendOf` knows. No library of another device is opened.
 * @throws BackendError when there is none of that index
 */
export function deviceNamed(name: string): Device {
  const backend = backendOf(name);
  const [kind] = backend.split(':') as [string];
  const present = loadAddon().backends(kind);
  const found = present.find((listed) => listed.name === backend);
  if (found !== undefined) return { ...described(found), name };
  if (present.length === 0) return missing(name, backend, `the native addon was built without the backend ${kind}`);
  if (present.every(({ available }) => !available)) return missing(name, backend, present[0]?.reason ?? '');
  throw new BackendError(`There is no device ${name}; there are ${present.map((p) => deviceOf(p.name)).join(', ')}.`);
}

/**
 * The precision that a session computes with. `auto` is int8 where there is a calibration and int8 was measured to give the same
 * classes as float32, bfloat16 on a processor with a matrix unit (AMX) or with vectors that are fast with it, and float32 on all others,
 * where bfloat16 is slower (docs/precision.md).
 * @throws BackendError when the device cannot compute so; ArgumentError for int8 without a calibration
 */
export function resolvePrecision(device: Device, precision: unknown, model: ModelAccuracy): PrecisionChoice {
  if (precision === 'auto') return fastest(device, model);
  if (!computePrecisions.includes(precision as ComputePrecision))
    throw new ArgumentError(`precision: expected ${anyOf(precisions)}, received ${describe(precision)}.`);
  const wanted = precision as ComputePrecision;
  const refusal = device.precisions[wanted];
  if (wanted !== 'float32' && refusal !== '') {
    throw new BackendError(`Precision ${wanted} cannot be had on device ${device.name}: ${refusal}.`, {
      hint: advice`use ${['precision', 'float32']}, or ${['precision', 'auto']} for what is fastest here.`,
    });
  }
  if (wanted === 'int8' && !model.calibrated) {
    throw new ArgumentError('precision: int8 needs a calibration, the ranges of all values.', {
      hint: advice`make one with \`slimnet quantize\` (in code: session.calibrate()), and pass it as ${'calibration'}.`,
    });
  }
  const choice = { chosen: wanted, why: 'asked for' };
  return wanted === 'bfloat16' && emulatesBfloat16(device) ? { ...choice, warning: emulated(device) } : choice;
}

/** Whether products of bfloat16 numbers are made of several instructions for other numbers: slower than float32. */
function emulatesBfloat16({ features, bfloat16Rate }: Speeds): boolean {
  const isa = instructionSet(features);
  return isa !== '' && !isa.includes('amx') && bfloat16Rate === 0;
}

function emulated({ features }: Speeds): string {
  return (
    `bfloat16 was asked for, and is emulated: this processor (${instructionSet(features)}) has no instructions for its products. ` +
    'float32 is faster here.'
  );
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

/**
 * What computes fastest on a device, of what a model bears. int8 was measured to be faster than float32 without VNNI as well
 * (docs/performance.md).
 */
export function fastest(device: Speeds, model: ModelAccuracy): PrecisionChoice {
  const isa = instructionSet(device.features);
  const bfloat16 = speedOfBfloat16(device, isa);
  const noInt8 = model.calibrated ? obstacle('int8', device, model) : { text: 'not calibrated for int8' };
  if (noInt8 === null) {
    return { chosen: 'int8', why: `calibrated, ${hasTensorCores(device) ? 'tensor cores' : isa || 'plain code'}` };
  }
  const noBfloat16 = bfloat16.fast ? obstacle('bfloat16', device, model) : { text: bfloat16.text };
  const declined = [noInt8, noBfloat16].flatMap((found) => found?.declined ?? []);
  const more = declined.length === 0 ? {} : { declined };
  if (noBfloat16 !== null) return { chosen: 'float32', why: `${noBfloat16.text}, ${noInt8.text}`, ...more };
  return { chosen: 'bfloat16', why: model.calibrated ? `${bfloat16.text}, ${noInt8.text}` : bfloat16.text, ...more };
}

/** Why a precision is not taken. */
interface Obstacle {
  readonly text: string;
  /** The precision, where it is for what it costs. */
  readonly declined?: LowPrecision;
}

/** What speaks against a precision that would be faster. What int8 costs has to be known, because it may be any amount. */
function obstacle(
  precision: LowPrecision,
  { precisions }: Speeds,
  { costs, minAgreement }: ModelAccuracy,
): Obstacle | null {
  if (precisions[precision] !== '') return { text: `no ${precision}: ${precisions[precision]}` };
  const cost = costs[precision];
  if (cost === undefined ? precision !== 'int8' || minAgreement === 0 : cost.agreement >= minAgreement) return null;
  const agreement = cost === undefined ? 'not measured' : `${percents(cost.agreement)} on ${imageCount(cost.images)}`;
  return {
    text: `no ${precision}: its top-1 agreement with float32 is ${agreement}, at least ${percents(minAgreement)} is wanted`,
    declined: precision,
  };
}

/** @internal A share, for people. */
export function percents(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** @internal A number of images, for people. */
export function imageCount(count: number): string {
  return count === 1 ? 'one image' : `${count} images`;
}

/** Those of a GPU that multiply low precision; one without them refuses that precision. */
function hasTensorCores({ features }: Pick<Speeds, 'features'>): boolean {
  return features.some((feature) => feature.startsWith('compute_capability '));
}

function speedOfBfloat16({ features, bfloat16Rate }: Speeds, isa: string): { fast: boolean; text: string } {
  if (hasTensorCores({ features })) return { fast: true, text: 'tensor cores' };
  if (isa.includes('amx') && features.includes('amx_bf16')) return { fast: true, text: 'AMX' };
  if (bfloat16Rate === 0) return { fast: false, text: 'no AMX' };
  const rate = `${bfloat16Rate.toFixed(1)} times the products of float32`;
  return bfloat16Rate >= leastBfloat16Rate
    ? { fast: true, text: `${isa}, ${rate}` }
    : { fast: false, text: `no AMX, bfloat16 has ${rate}` };
}
