/** Runs graphs through sessions, on every device that stands for a real backend. */
import type { TypedArray } from '../../lib/core/dtype.js';
import type { Graph, Tensor, Variable } from '../../lib/core/graph.js';
import { elementCount } from '../../lib/core/shape.js';
import { Session } from '../../lib/runtime/session/session.js';
import type { LongOutput, Statistics } from '../helpers/network_fixtures.js';

/** Looking up a global takes microseconds in Jest's realms, and networks have millions of values: one look-up for all of them. */
const { abs, floor, imul, max: larger, min: smaller, sqrt } = Math;

/** h(i, k) in [0, 1), the hash of test/helpers/generator.ts. */
function hash(i: number, k: number): number {
  let s = (imul(i, 2654435761) + imul(k, 40503) + 12345) >>> 0;
  s = imul(s ^ (s >>> 16), 2246822519) >>> 0;
  return ((s ^ (s >>> 13)) >>> 0) / 2 ** 32;
}

/** `reference` computes slowly and plainly, `cpu` is oneDNN. */
export const devices = ['reference', 'cpu'] as const;

export type Device = (typeof devices)[number];

export type Feeds = Readonly<Record<string, { readonly data: TypedArray; readonly shape: readonly number[] }>>;

/** A result as plain numbers. */
export interface Result {
  readonly shape: readonly number[];
  readonly data: number[];
}

/** Opens a session, gives it to `body`, and closes it. */
export async function withSession<T>(graph: Graph, device: Device, body: (session: Session) => Promise<T>): Promise<T> {
  const session = await Session.create(graph, { device });
  try {
    return await body(session);
  } finally {
    await session[Symbol.asyncDispose]();
  }
}

/** Runs once with fresh initial values (or those in `values`) and gives back the data of each fetch. */
export async function evaluate(
  graph: Graph,
  device: Device,
  fetches: Readonly<Record<string, Tensor>>,
  options: { readonly feeds?: Feeds; readonly values?: Readonly<Record<string, TypedArray>> } = {},
): Promise<Record<string, Result>> {
  return withSession(graph, device, async (session) => {
    await session.initialize();
    for (const [name, data] of Object.entries(options.values ?? {})) await session.write(graph.variable(name), data);
    return numbers(await session.run(options.feeds ?? {}, fetches));
  });
}

/** Results as plain numbers. */
export function numbers(
  results: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: TypedArray }>>,
): Record<string, Result> {
  return Object.fromEntries(
    Object.entries(results).map(([name, { shape, data }]) => [
      name,
      { shape, data: Array.from(data as Iterable<number | bigint>, Number) },
    ]),
  );
}

/** A feed of float32 values. */
export function feed(
  shape: readonly number[],
  at: (i: number) => number,
): { readonly data: Float32Array; readonly shape: readonly number[] } {
  const data = new Float32Array(elementCount(shape));
  for (let i = 0; i < data.length; i++) data[i] = at(i);
  return { data, shape };
}

/** The generator's images: values between -1 and 1. */
export function generatedImages(
  shape: readonly number[],
  k = 1000,
): { readonly data: Float32Array; readonly shape: readonly number[] } {
  return feed(shape, (i) => 2 * hash(i, k) - 1);
}

/** The mesh grid of Slim's tests: row + column, the same in all channels and images. */
export function meshGrid(shape: readonly [number, number, number, number]): {
  readonly data: Float32Array;
  readonly shape: readonly number[];
} {
  const [, height, width, channels] = shape;
  return feed(shape, (i) => (floor(i / (width * channels)) % height) + (floor(i / channels) % width));
}

/** Values for all model variables of a graph: the k-th in the order of their names is drawn with k. */
export function generatedValues(graph: Graph): Record<string, Float32Array> {
  const variables = [...graph.getCollection<Variable>('model_variables')].sort((a, b) => (a.name < b.name ? -1 : 1));
  return Object.fromEntries(variables.map((v, k) => [v.name, generatedValue(v, k)]));
}

function generatedValue(variable: Variable, k: number): Float32Array {
  const kind = variable.name.slice(variable.name.lastIndexOf('/') + 1);
  const [scale, offset] =
    kind === 'weights'
      ? [sqrt(6 / elementCount(variable.shape.slice(0, -1))), 0]
      : kind === 'gamma'
        ? [0.2, 1]
        : kind === 'moving_variance'
          ? [0.5, 1]
          : [0.1, 0];
  const out = new Float32Array(elementCount(variable.shape));
  for (let i = 0; i < out.length; i++) out[i] = offset + scale * (2 * hash(i, k) - 1);
  return out;
}

/** The largest difference between two lists of numbers; infinite where their lengths differ or one holds NaN. */
export function largestDifference(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  return actual.reduce((worst, a, i) => {
    const d = abs(a - (expected[i] as number));
    return d <= worst ? worst : Number.isNaN(d) ? Number.POSITIVE_INFINITY : d;
  }, 0);
}

/**
 * Compares a tensor with what a fixture keeps of TensorFlow's: samples and extremes within `tolerance` of the range of the values,
 * sums within that of the sum of their absolute values and of as many rounding errors as add up by chance.
 */
export function expectStatistics(
  actual: readonly number[],
  expected: LongOutput | Statistics,
  tolerance: number,
): void {
  const { name, sum, absSum, min, max, samples, data } = expected;
  const range = larger(max, 0) - smaller(min, 0) || 1;
  const at = Array.from({ length: 8 }, (_, k) => floor(hash(k, 3000) * actual.length));
  const errors = {
    samples:
      largestDifference(
        at.map((i) => actual[i] as number),
        samples,
      ) / range,
    extremes:
      largestDifference(
        [actual.reduce((a, b) => smaller(a, b), Infinity), actual.reduce((a, b) => larger(a, b), -Infinity)],
        [min, max],
      ) / range,
    sums:
      largestDifference([actual.reduce((a, b) => a + b, 0), actual.reduce((a, b) => a + abs(b), 0)], [sum, absSum]) /
      (absSum + range * sqrt(actual.length)),
    ...(data === undefined || data === null ? {} : { data: largestDifference(actual, data) / range }),
  };
  const wrong = Object.fromEntries(Object.entries(errors).filter(([, error]) => !(error <= tolerance)));
  expect({ name, wrong }).toEqual({ name, wrong: {} });
}
