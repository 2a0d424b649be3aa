/** What scripts/golden/make_nets.py writes, and the weights behind it. */
import type { Graph, Variable } from '../../lib/core/graph.js';
import { elementCount } from '../../lib/core/shape.js';
import { drawVariable, hash, networkInput, variableValues } from '../../scripts/golden/generator.mjs';

export { networkInput as generatedImages };

/** What a fixture keeps of a tensor. */
export interface Statistics {
  readonly name: string;
  readonly shape: readonly number[];
  readonly sum: number;
  readonly absSum: number;
  readonly min: number;
  readonly max: number;
  /** Values at the flat positions floor(h(j, 3000) * size). */
  readonly samples: readonly number[];
  readonly data?: readonly number[];
}

/** What stands for an output that is too long to be stored. */
export type LongOutput = Omit<Statistics, 'data'> & { readonly data: null };

export interface NetworkFixture {
  readonly id: string;
  readonly network: string;
  readonly inputShape: readonly [number, number, number, number];
  readonly numClasses: number | null;
  readonly isTraining: boolean;
  readonly globalPool: boolean;
  readonly outputStride: number | null;
  readonly includeRootBlock: boolean;
  readonly modelVariables: number;
  /** VGG alone. */
  readonly spatialSqueeze?: boolean;
  readonly output:
    | LongOutput
    | { readonly name: string; readonly shape: readonly number[]; readonly data: readonly number[] };
  readonly outputRange: number;
  /** Largest difference between TensorFlow's float32 and float64 outputs, relative to the range. */
  readonly float32Error: number;
  readonly endPoints: readonly Statistics[];
  readonly movingStatisticsAfterUpdate?: readonly Statistics[];
}

/** Values of model variables by name, kept: the networks of one depth share nearly all. */
export type Weights = Map<string, Float32Array>;

/** Where values are drawn that nobody keeps: VGG has half a gigabyte of them, and new pages cost more than the drawing. */
let scratch = new Float32Array(0);

/**
 * Draws values for all model variables of a graph: the k-th in the order of their names with stream k.
 * @param write takes each variable's values, which are overwritten by the next ones
 * @param kept values from before, and for the next time; undefined where they come only once
 */
export function writeGeneratedWeights(
  graph: Graph,
  write: (name: string, data: Float32Array) => void,
  kept?: Weights,
): void {
  const variables = [...graph.getCollection<Variable>('model_variables')].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (kept === undefined) {
    const largest = variables.reduce((most, { shape }) => Math.max(most, elementCount(shape)), 0);
    if (scratch.length < largest) scratch = new Float32Array(largest);
  }
  variables.forEach(({ name, shape }, k) => {
    if (kept === undefined) {
      write(name, drawVariable(name, shape, k, scratch.subarray(0, elementCount(shape))));
      return;
    }
    const key = `${name} ${k} ${shape.join()}`;
    const data = kept.get(key) ?? variableValues(name, shape, k);
    kept.set(key, data);
    write(name, data);
  });
}

/** The same values, all at once. */
export function generatedWeights(graph: Graph): { readonly name: string; readonly data: Float32Array }[] {
  const weights: { name: string; data: Float32Array }[] = [];
  writeGeneratedWeights(graph, (name, data) => weights.push({ name, data }), new Map());
  return weights;
}

/** `length` numbers between offset - scale and offset + scale. */
export function drawn(length: number, stream: number, offset: number, scale: number): Float32Array {
  const data = new Float32Array(length);
  for (let i = 0; i < data.length; i++) data[i] = offset + scale * (2 * hash(i, stream) - 1);
  return data;
}

/** The largest difference between two lists of numbers; infinite where their lengths differ or one holds NaN. */
export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const d = Math.abs((actual[i] as number) - (expected[i] as number));
    if (Number.isNaN(d)) return Number.POSITIVE_INFINITY;
    if (d > worst) worst = d;
  }
  return worst;
}

/**
 * Errors of a tensor: samples, extremes and data relative to the range of the values, sums relative to the sum of the absolute
 * values and to as many rounding errors as add up by chance.
 */
export function statisticsErrors(actual: ArrayLike<number>, expected: LongOutput | Statistics): Record<string, number> {
  const { sum, absSum, min, max, samples, data } = expected;
  const range = Math.max(max, 0) - Math.min(min, 0) || 1;
  const found = { sum: 0, absSum: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  // By index: an iterator over some million numbers takes ten times as long.
  for (let i = 0; i < actual.length; i++) {
    const value = actual[i] as number;
    found.sum += value;
    found.absSum += value < 0 ? -value : value;
    if (value < found.min) found.min = value;
    if (value > found.max) found.max = value;
  }
  const drawn = samples.map((_, j) => actual[Math.floor(hash(j, 3000) * actual.length)] as number);
  return {
    samples: largestDifference(drawn, samples) / range,
    extremes: largestDifference([found.min, found.max], [min, max]) / range,
    sums: largestDifference([found.sum, found.absSum], [sum, absSum]) / (absSum + range * Math.sqrt(actual.length)),
    ...(data === undefined || data === null ? {} : { data: largestDifference(actual, data) / range }),
  };
}
