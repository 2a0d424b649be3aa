/** How right a classifier is, and how close one set of logits is to another: pure functions on rows of logits. */
import { describe, holds } from '../core/dtype.js';
import { ArgumentError } from '../errors.js';
import type { LogitComparison } from '../runtime/precision/precision_report.js';
import { concatenate } from './concatenate.js';
import { topIndices } from './predictions.js';

/** Logits of several images, a row for each: [images, classes], or with dimensions of 1 in between, as networks give them. */
export interface LogitRows {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array | Float64Array;
}

/** Logits of several images as `Model.logits` gives them, as one. */
export function logitRows(rows: readonly Float32Array[]): LogitRows {
  return { shape: [rows.length, rows[0]?.length ?? 0], data: concatenate(rows) };
}

/**
 * The class of the largest logit of each row; of equal ones the earlier.
 * @throws ArgumentError for rows that are none, and for values that are not finite
 */
export function topClasses(logits: LogitRows): number[] {
  const { images, classes, data } = checkedRows('logits', logits);
  return Array.from({ length: images }, (_, i) => topIndices(rowOf(data, i, classes), 1)[0] as number);
}

/**
 * Distance of the two largest logits of each row, in the logits' units: the classes of rows whose margin is tiny may turn over by
 * rounding alone. Infinite with one class.
 * @throws as `topClasses`
 */
export function topMargins(logits: LogitRows): number[] {
  const { images, classes, data } = checkedRows('logits', logits);
  return Array.from({ length: images }, (_, i) => {
    const row = rowOf(data, i, classes);
    const [best, second] = topIndices(row, 2);
    return second === undefined ? Number.POSITIVE_INFINITY : (row[best as number] as number) - (row[second] as number);
  });
}

/**
 * Share of the images whose largest logit is that of their label (top-1 accuracy), 0 to 1.
 * @param labels the class of each image
 * @throws ArgumentError for labels that do not fit the rows, and as `topClasses`
 */
export function topOneAccuracy(logits: LogitRows, labels: ArrayLike<number>): number {
  const { images, classes } = checkedRows('logits', logits);
  if (labels?.length !== images)
    throw new ArgumentError(
      `labels: expected one for each of the ${images} rows of logits, received ${labels?.length ?? describe(labels)}.`,
    );
  for (let i = 0; i < images; i++) {
    const label = labels[i] as number;
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      throw new ArgumentError(
        `labels: number ${i}: expected a class from 0 to ${classes - 1}, received ${describe(label)}.`,
      );
  }
  return share(topClasses(logits), labels);
}

/**
 * Compares logits with those that are expected, image by image: for instance those of a reduced precision with float32's.
 * @throws ArgumentError where the rows do not fit together, hold values that are not finite, or are all zero (such a row has no
 *   direction)
 */
export function compareLogits(actual: LogitRows, expected: LogitRows): LogitComparison {
  const a = checkedRows('actual', actual);
  const e = checkedRows('expected', expected);
  if (a.images !== e.images || a.classes !== e.classes)
    throw new ArgumentError(
      `actual: expected ${e.images} rows of ${e.classes} logits as in the other set, received ${a.images} rows of ${a.classes}.`,
    );
  const { images, classes } = e;
  const cosines = Array.from({ length: images }, (_, i) =>
    cosine(directed('actual', a.data, i, classes), directed('expected', e.data, i, classes)),
  );
  let [least, most, largest, squares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (let i = 0; i < e.data.length; i++) {
    const value = e.data[i] as number;
    const error = Math.abs((a.data[i] as number) - value);
    least = Math.min(least, value);
    most = Math.max(most, value);
    largest = Math.max(largest, error);
    squares += error * error;
  }
  const range = most - least;
  // Without a range, as with one image of one class, there is nothing that an error could be small against.
  const relative = (error: number) => (error === 0 ? 0 : error / range);
  return {
    images,
    agreement: share(topClasses(actual), topClasses(expected)),
    meanCosine: cosines.reduce((sum, value) => sum + value, 0) / images,
    leastCosine: cosines.reduce((least, value) => Math.min(least, value)),
    range,
    maxError: relative(largest),
    rmsError: relative(Math.sqrt(squares / e.data.length)),
  };
}

interface Rows {
  readonly images: number;
  readonly classes: number;
  readonly data: Float32Array | Float64Array;
}

function checkedRows(name: string, logits: LogitRows): Rows {
  if (typeof logits !== 'object' || logits === null || !Array.isArray(logits.shape))
    throw new ArgumentError(`${name}: expected {shape, data}, received ${describe(logits)}.`);
  const { shape, data } = logits;
  if (!holds('float32', data) && !holds('float64', data))
    throw new ArgumentError(`${name}: data: expected a Float32Array or Float64Array, received ${describe(data)}.`);
  const [images = 0, ...rest] = shape as readonly number[];
  const classes = rest.at(-1) ?? 0;
  const isCount = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 1;
  if (!isCount(images) || !isCount(classes) || rest.slice(0, -1).some((n) => n !== 1))
    throw new ArgumentError(
      `${name}: shape: expected [images, classes] or [images, 1, 1, classes], each at least 1, received [${shape}].`,
    );
  if (data.length !== images * classes)
    throw new ArgumentError(
      `${name}: data: expected ${images * classes} values for the shape [${shape}], received ${data.length}.`,
    );
  const wrong = data.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new ArgumentError(
      `${name}: row ${Math.floor(wrong / classes)}: expected finite logits, received ${data[wrong]}.`,
    );
  return { images, classes, data };
}

function rowOf(data: Rows['data'], i: number, classes: number): Rows['data'] {
  return data.subarray(i * classes, (i + 1) * classes);
}

/** A row that has a direction. */
function directed(name: string, data: Rows['data'], i: number, classes: number): Rows['data'] {
  const row = rowOf(data, i, classes);
  if (row.every((value) => value === 0))
    throw new ArgumentError(`${name}: row ${i}: expected logits that are not all zero, which have no direction.`);
  return row;
}

function cosine(a: Rows['data'], b: Rows['data']): number {
  let [product, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    product += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return product / (Math.sqrt(squaresA) * Math.sqrt(squaresB));
}

function share(classes: readonly number[], wanted: ArrayLike<number>): number {
  return classes.filter((value, i) => value === wanted[i]).length / classes.length;
}
