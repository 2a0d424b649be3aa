/**
 * What a conformance case is. A file <op>.cases.ts holds the cases of one op; conformance.test.ts runs each of them on every
 * backend. What is right is said by TensorFlow (test/golden/ops) or by a few lines of JavaScript in the case; `reference` is
 * held to that, and all other backends are held to `reference`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allocate, type DType, isFloating, type TypedArray } from '../../lib/core/dtype.js';
import { currentGraph, type Tensor } from '../../lib/core/graph.js';
import type { AttrValue, Op } from '../../lib/core/op.js';
import type { Tolerance } from '../helpers/compare.js';
import { uniform } from '../helpers/generator.js';

export type Attrs = Readonly<Record<string, AttrValue>>;
type Numbers = readonly number[];

/** One input: offset + scale * (2 h(i, k) - 1), some elements replaced, or values as they stand. */
export interface InputSpec {
  readonly shape: readonly number[];
  readonly dtype?: DType;
  readonly k?: number;
  readonly scale?: number;
  readonly offset?: number;
  readonly special?: readonly (readonly [index: number, value: number])[];
  readonly values?: Numbers;
  /** How the values reach the op: fed at each run (the default), or read from a variable, as weights are. */
  readonly as?: 'input' | 'variable';
}

export interface Case {
  readonly name: string;
  readonly inputs: readonly InputSpec[];
  /** Attributes of the op under test. */
  readonly attrs?: Attrs;
  /** Adds the nodes whose results are compared; left out: the op itself on all inputs. */
  readonly build?: (inputs: readonly Tensor[], attrs: Attrs) => readonly Tensor[];
  /** Values of each result: stored ones, or a function of the inputs' values. */
  readonly expected?: readonly Numbers[] | ((...inputs: Numbers[]) => readonly Numbers[]);
  /** Values of the variables after the run, by input position. */
  readonly expectedVariables?: (...inputs: Numbers[]) => Readonly<Record<number, Numbers>>;
  /** `reference` against what is expected. Default 1e-5. */
  readonly tolerance?: Tolerance;
  /** Every other backend against `reference`. Default 1e-4: float32 sums in another order. */
  readonly backendTolerance?: Tolerance;
  /**
   * Why a backend's result differs from the reference's, for the backends of which docs/backends.md says so. The case then
   * asserts that it does: a note that has become untrue fails.
   */
  readonly differs?: Readonly<Record<string, string>>;
  /** Part of the reason for which `reference` must refuse the case. */
  readonly refused?: string;
  /** Part of the message of the ExecutionError with which a run on any backend that computes must end. */
  readonly fails?: string;
}

export interface OpCases {
  readonly op: Op;
  readonly cases: readonly Case[];
  /** Why the op's gradient is meant to be another than the derivative of its values. */
  readonly gradientDiffers?: string;
}

/** The values of an input as its typed array. */
export function valuesOf(spec: InputSpec): TypedArray {
  const { shape, dtype = 'float32', k = 0, scale = 1, offset = 0, special = [], values } = spec;
  const length = shape.reduce((a, b) => a * b, 1);
  const data = allocate(dtype, length);
  if (values === undefined && isFloating(dtype)) (data as Float32Array).set(uniform(length, k, scale, offset));
  else {
    const numbers = values ?? Array.from(uniform(length, k, scale, offset), toInteger(dtype));
    if (numbers.length !== length) throw new Error(`${numbers.length} values for ${length} elements`);
    for (let i = 0; i < length; i++) put(data, i, numbers[i] as number);
  }
  for (const [i, value] of special) put(data, i, value);
  return data;
}

/** Generated numbers as values of a dtype that is no float: integers are truncated, what is above 0 is true. */
function toInteger(dtype: DType): (value: number) => number {
  return dtype === 'bool' ? (v) => Number(v > 0) : Math.trunc;
}

function put(data: TypedArray, i: number, value: number): void {
  if (data.BYTES_PER_ELEMENT === 8 && !(Object.prototype.toString.call(data) === '[object Float64Array]')) {
    (data as BigInt64Array)[i] = BigInt(value);
  } else {
    (data as Float32Array)[i] = value;
  }
}

/** Adds one node to the graph that is being built. */
export function node(op: Op, inputs: readonly Tensor[], attrs: Attrs = {}): readonly Tensor[] {
  return currentGraph().add(op, inputs, attrs).outputs;
}

/** The first result of one node. */
export function call(op: Op, inputs: readonly Tensor[], attrs: Attrs = {}): Tensor {
  return node(op, inputs, attrs)[0] as Tensor;
}

/** One case for each value of a list. */
export function each<T>(values: readonly T[], make: (value: T) => Case): Case[] {
  return values.map(make);
}

/** float32 rounding, for expectations in JavaScript that must match to the bit. */
export const f32 = Math.fround;

interface GoldenCase {
  readonly id: string;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly inputs: readonly {
    readonly shape: readonly number[];
    readonly dtype?: DType;
    readonly k: number;
    readonly scale: number;
    readonly offset: number;
    readonly special?: readonly (readonly [number, number | string])[];
  }[];
  readonly outputs: readonly { readonly data: readonly (number | string)[] }[];
}

/**
 * Cases whose results TensorFlow computed. `adapt` turns the fixture's attributes into the op's, or says null to leave a case
 * out; `variables` are the inputs that are weights.
 */
export function fromTensorFlow(
  file: string,
  adapt: (attrs: Readonly<Record<string, unknown>>) => Attrs | null,
  options: { variables?: readonly number[]; inputs?: number } = {},
): Case[] {
  const { variables = [], inputs = Number.POSITIVE_INFINITY } = options;
  const text = readFileSync(join(__dirname, '..', 'golden', 'ops', `${file}.json`), 'utf8');
  const { cases } = JSON.parse(text) as { cases: readonly GoldenCase[] };
  return cases.flatMap((golden) => {
    const attrs = adapt(golden.attrs);
    if (attrs === null) return [];
    return {
      name: `TensorFlow: ${golden.id}`,
      attrs,
      inputs: golden.inputs.slice(0, inputs).map((spec, i) => ({
        ...spec,
        special: (spec.special ?? []).map(([at, value]) => [at, Number(value)] as const),
        as: variables.includes(i) ? ('variable' as const) : ('input' as const),
      })),
      // Stored as the shortest decimals that read back as the same float32.
      expected: golden.outputs.map((o) => o.data.map((v) => f32(Number(v)))),
    };
  });
}
