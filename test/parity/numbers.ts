/** Runs graphs through sessions, on every device that stands for a real backend. */

import type { TypedArray } from '../../lib/core/dtype.js';
import type { Graph, Tensor } from '../../lib/core/graph.js';
import { elementCount } from '../../lib/core/shape.js';
import { Session } from '../../lib/runtime/session/session.js';
import type { Device } from '../helpers/devices.js';
import { hash } from '../helpers/generator.js';
import {
  generatedWeights,
  type LongOutput,
  largestDifference,
  type Statistics,
  statisticsErrors,
} from '../helpers/network_fixtures.js';

export { type Device, devices } from '../helpers/devices.js';
export { largestDifference };

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
    Object.entries(results).map(([name, { shape, data }]) => [name, { shape, data: plain(data) }]),
  );
}

/** By index, for there are millions. */
function plain(data: TypedArray): number[] {
  const values = new Array<number>(data.length);
  for (let i = 0; i < data.length; i++) values[i] = Number(data[i]);
  return values;
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
  return feed(shape, (i) => (Math.floor(i / (width * channels)) % height) + (Math.floor(i / channels) % width));
}

/** Values for all model variables of a graph: the k-th in the order of their names is drawn with k. */
export function generatedValues(graph: Graph): Record<string, Float32Array> {
  return Object.fromEntries(generatedWeights(graph).map(({ name, data }) => [name, data]));
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
  const { name } = expected;
  const errors = statisticsErrors(actual, expected);
  const wrong = Object.fromEntries(Object.entries(errors).filter(([, error]) => !(error <= tolerance)));
  expect({ name, wrong }).toEqual({ name, wrong: {} });
}
