/** Runs graphs through sessions, on every device that stands for a real backend. */
import type { TypedArray } from '../../lib/core/dtype.js';
import type { Graph, Tensor, Variable } from '../../lib/core/graph.js';
import { elementCount } from '../../lib/core/shape.js';
import { Session } from '../../lib/runtime/session.js';
import { hash, uniform } from '../helpers/generator.js';

/** `reference` computes slowly and plainly, `cpu` is oneDNN. */
export const devices = ['reference', 'cpu'] as const;

export type Device = (typeof devices)[number];

export type Feeds = Readonly<Record<string, { readonly data: TypedArray; readonly shape: readonly number[] }>>;

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
): Promise<Record<string, { readonly shape: readonly number[]; readonly data: number[] }>> {
  return withSession(graph, device, async (session) => {
    await session.initialize();
    for (const [name, data] of Object.entries(options.values ?? {})) await session.write(graph.variable(name), data);
    return numbers(await session.run(options.feeds ?? {}, fetches));
  });
}

/** Results as plain numbers. */
export function numbers(results: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: TypedArray }>>): Record<string, { shape: readonly number[]; data: number[] }> {
  return Object.fromEntries(Object.entries(results).map(([name, { shape, data }]) => [name, { shape, data: Array.from(data as Iterable<number | bigint>, Number) }]));
}

/** A feed of float32 values. */
export function feed(shape: readonly number[], at: (i: number) => number): { readonly data: Float32Array; readonly shape: readonly number[] } {
  return { data: Float32Array.from({ length: elementCount(shape) }, (_, i) => at(i)), shape };
}

/** The generator's images: values between -1 and 1. */
export function generatedImages(shape: readonly number[], k = 1000): { readonly data: Float32Array; readonly shape: readonly number[] } {
  return { data: Float32Array.from(uniform(elementCount(shape), k)), shape };
}

/** The mesh grid of Slim's tests: row + column, the same in all channels and images. */
export function meshGrid(shape: readonly [number, number, number, number]): { readonly data: Float32Array; readonly shape: readonly number[] } {
  const [, height, width, channels] = shape;
  return feed(shape, (i) => (Math.floor(i / (width * channels)) % height) + (Math.floor(i / channels) % width));
}

/** Values for all model variables of a graph: the k-th in the order of their names is drawn with k. */
export function generatedValues(graph: Graph): Record<string, Float32Array> {
  const variables = [...graph.getCollection<Variable>('model_variables')].sort((a, b) => (a.name < b.name ? -1 : 1));
  return Object.fromEntries(variables.map((v, k) => [v.name, generatedValue(v, k)]));
}

function generatedValue(variable: Variable, k: number): Float32Array {
  const kind = variable.name.slice(variable.name.lastIndexOf('/') + 1);
  const [scale, offset] =
    kind === 'weights' ? [Math.sqrt(6 / elementCount(variable.shape.slice(0, -1))), 0] : kind === 'gamma' ? [0.2, 1] : kind === 'moving_variance' ? [0.5, 1] : [0.1, 0];
  const out = new Float32Array(elementCount(variable.shape));
  for (let i = 0; i < out.length; i++) out[i] = offset + scale * (2 * hash(i, k) - 1);
  return out;
}

/** The largest difference between two lists of numbers; infinite where their lengths differ or one holds NaN. */
export function largestDifference(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  return actual.reduce((worst, a, i) => {
    const d = Math.abs(a - (expected[i] as number));
    return d <= worst ? worst : Number.isNaN(d) ? Number.POSITIVE_INFINITY : d;
  }, 0);
}

/** What a fixture keeps of a tensor (scripts/golden/fixtures.py). */
export interface Statistics {
  readonly name: string;
  readonly shape: readonly number[];
  readonly sum: number;
  readonly absSum: number;
  readonly min: number;
  readonly max: number;
  readonly samples: readonly number[];
  readonly data?: readonly number[];
}

/**
 * Compares a tensor with what a fixture keeps of TensorFlow's: samples and extremes within `tolerance` of the range of the values,
 * sums within that of the sum of their absolute values and of as many rounding errors as add up by chance.
 */
export function expectStatistics(actual: readonly number[], expected: Statistics, tolerance: number): void {
  const { name, sum, absSum, min, max, samples, data } = expected;
  const range = Math.max(max, 0) - Math.min(min, 0) || 1;
  const at = Array.from({ length: 8 }, (_, k) => Math.floor(hash(k, 3000) * actual.length));
  const errors = {
    samples: largestDifference(at.map((i) => actual[i] as number), samples) / range,
    extremes: largestDifference([actual.reduce((a, b) => Math.min(a, b), Infinity), actual.reduce((a, b) => Math.max(a, b), -Infinity)], [min, max]) / range,
    sums: largestDifference([actual.reduce((a, b) => a + b, 0), actual.reduce((a, b) => a + Math.abs(b), 0)], [sum, absSum]) / (absSum + range * Math.sqrt(actual.length)),
    ...(data === undefined ? {} : { data: largestDifference(actual, data) / range }),
  };
  const wrong = Object.fromEntries(Object.entries(errors).filter(([, error]) => !(error <= tolerance)));
  expect({ name, wrong }).toEqual({ name, wrong: {} });
}
