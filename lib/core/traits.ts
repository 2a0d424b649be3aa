import { ShapeError } from '../errors.js';
import { type DType, isFloating } from './dtype.js';
import type { TensorType } from './shape.js';

/** What a trait may say. The C++ enumerations are generated from these lists. */
export const traitValues = {
  dtypes: ['any', 'number', 'float', 'integer', 'bool'],
  batchwise: ['never', 'first', 'rows', 'attrs', 'broadcast', 'all'],
  view: ['none', 'alias', 'moving'],
  lowPrecision: ['none', 'own_scale', 'input_scale', 'bfloat16'],
} as const;

/**
 * The dtypes that an input may have: `number` is any but bool. The inputs of one op that are `any`, `number` or `float` have one
 * dtype among them; integers (indices) and booleans each have their own.
 */
export type DTypes = (typeof traitValues.dtypes)[number];

/**
 * Whether the op works on each image of a batch, an index of the first dimension, alone:
 * - `never`: it looks across the batch, draws numbers or has an effect;
 * - `first`: on the images of its first input; all others are read whole;
 * - `rows`: as `first`, where the first dimension is not the last one, along which it computes;
 * - `attrs`: as `first`, where the attributes leave the first dimension alone (`native/ir/batchwise.cc` says when);
 * - `broadcast`: on those of all inputs that have the result's rank and batch; others are stretched over the images;
 * - `all`: on those of all inputs.
 */
export type Batchwise = (typeof traitValues.batchwise)[number];

/**
 * Whether the result is bytes of the first input: `alias`, the same bytes under another shape; `moving`, others in each repetition
 * of the microbatch loop, so that the runtime places them and there is nothing to compute.
 */
export type View = (typeof traitValues.view)[number];

/**
 * Whether float32 tensors around the op may be stored in low precision, and on which scale an integer result is: that of its own
 * range, or that of the first input, of whose elements (and zeros) the result consists. `bfloat16`: in bfloat16 and not in integers.
 */
export type LowPrecision = (typeof traitValues.lowPrecision)[number];

/** What the compiler and the backends must know of an op besides ports, attributes and shapes. Each op says all of it. */
export interface Traits<Port extends string = string> {
  /** For all inputs, or for each by name. An op without inputs says what it may give. */
  readonly dtypes: DTypes | Readonly<Record<Port, DTypes>>;
  readonly batchwise: Batchwise;
  /** Each element of the result is a function of the elements at its place alone, whatever the place. */
  readonly elementwise: boolean;
  readonly view: View;
  /** The result differs from run to run, whatever the inputs. */
  readonly random: boolean;
  /** A product of the first input with weights, the second one, whose last axis is the output channel. */
  readonly product: boolean;
  readonly lowPrecision: LowPrecision;
  /** Ports whose tensors are float32 whatever the precision is: statistics, and gradients of weights. Only the first output may be another. */
  readonly float32: readonly string[];
}

interface DTypesInfo {
  readonly text: string;
  accepts(dtype: DType): boolean;
  /** Whether the inputs that say so have one dtype among them. */
  readonly alike: boolean;
}

const info: Readonly<Record<DTypes, DTypesInfo>> = {
  any: { text: 'any dtype', accepts: () => true, alike: true },
  number: { text: 'a dtype of numbers', accepts: (dtype) => dtype !== 'bool', alike: true },
  float: { text: 'a floating-point dtype', accepts: isFloating, alike: true },
  integer: { text: 'an integer dtype', accepts: (dtype) => !isFloating(dtype) && dtype !== 'bool', alike: false },
  bool: { text: 'bool', accepts: (dtype) => dtype === 'bool', alike: false },
};

/** @throws ShapeError unless inputs of these types may stand at the ports. `native/ir/infer_checks.cc` has the same rule. */
export function checkDTypes(ports: readonly string[], { dtypes }: Traits, inputs: readonly TensorType[]): void {
  let first: number | undefined;
  for (const [i, port] of ports.entries()) {
    const { text, accepts, alike } = info[typeof dtypes === 'string' ? dtypes : (dtypes[port] as DTypes)];
    const { dtype } = inputs[i] as TensorType;
    if (!accepts(dtype)) throw new ShapeError(`${port}: expected ${text}, received ${dtype}.`);
    if (!alike) continue;
    first ??= i;
    const expected = (inputs[first] as TensorType).dtype;
    if (dtype !== expected) {
      throw new ShapeError(`Expected one dtype for ${ports[first]} and ${port}, received ${expected} and ${dtype}.`);
    }
  }
}
