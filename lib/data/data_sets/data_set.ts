/** What a data set is: labelled images by number. */
import { describe } from '../../core/dtype.js';
import { ArgumentError, DataError } from '../../errors.js';
import type { ImageSource } from '../image_source.js';
import type { RelativeBox } from '../preprocess_image.js';

/** One labelled image. */
export interface Sample {
  /** A path, the bytes of an encoded image, or pixels. Nobody may change them for as long as the data set is used. */
  readonly image: ImageSource;
  /** Index of its class. */
  readonly label: number;
  /** What messages and reports call it; its number unless told. */
  readonly name?: string;
  /** Objects in it, of which a crop of inception's training covers one in part; the whole image unless told. */
  readonly boxes?: readonly RelativeBox[];
  /**
   * Stands for the pixels wherever they are kept: two samples with one key have the same ones. Images that are files have one already, made
   * of path, size and time; without a key an image is not kept on disk.
   */
  readonly key?: string;
}

/**
 * Labelled images, by number. An object of one's own with the first three members will do. `get` throws an `ImageError` for an image that is
 * damaged, which training then leaves out; any other error ends the training.
 */
export interface DataSet {
  /** Images. */
  readonly length: number;
  /** Names of the classes; labels are indices of them. */
  readonly classes: readonly string[];
  /** @param index from 0 to `length` - 1 */
  get(index: number): Sample | Promise<Sample>;
  /** The labels of all samples in order; needed where classes are to be balanced. */
  labels?(): ArrayLike<number> | Promise<ArrayLike<number>>;
  /** Images of the same classes that were held out. */
  readonly validation?: DataSet;
  /** What people should know of it, such as files that were left out. */
  readonly notice?: string;
}

/** A class alone gives nothing to learn: what is said of it names the way out. */
export function checkClasses(classes: readonly string[], path: string, hint: string): void {
  if (classes.length >= 2) return;
  const what = classes.length === 0 ? 'There are no classes' : `There is one class, ${JSON.stringify(classes[0])}`;
  throw new DataError(`${what}: a network learns to tell two or more apart.`, { path, hint });
}

/** @throws ArgumentError for what is no data set */
export function checkDataSet(where: string, value: unknown): asserts value is DataSet {
  const { length, classes, get } = (typeof value === 'object' && value !== null ? value : {}) as Partial<DataSet>;
  if (typeof get !== 'function')
    throw new ArgumentError(
      `${where}: expected a data set { length, classes, get(index) }, received ${describe(value)}.`,
    );
  if (!Number.isSafeInteger(length) || (length as number) < 0)
    throw new ArgumentError(`${where}: length: expected a number of images, received ${describe(length)}.`);
  if (!Array.isArray(classes) || classes.length === 0)
    throw new ArgumentError(`${where}: classes: expected a list of names, received ${describe(classes)}.`);
}

/** @throws ArgumentError for what is no number of an image */
export function checkIndex(index: unknown, length: number): asserts index is number {
  if (Number.isInteger(index) && (index as number) >= 0 && (index as number) < length) return;
  throw new ArgumentError(`Expected the number of an image from 0 to ${length - 1}, received ${describe(index)}.`);
}

/** @throws DataError for a label that is not one of the classes */
export function checkLabel(label: unknown, classes: readonly string[], name: string): asserts label is number {
  if (Number.isInteger(label) && (label as number) >= 0 && (label as number) < classes.length) return;
  throw new DataError(
    `The label of ${name} is out of range: expected an integer from 0 to ${classes.length - 1}, received ${describe(label)}.`,
  );
}

/**
 * The labels of all samples.
 * @throws DataError where the data set cannot say them, or one is out of range
 */
export async function labelsOf(dataSet: DataSet): Promise<Int32Array> {
  const labels = await dataSet.labels?.();
  if (labels === undefined) {
    throw new DataError('The data set does not say the labels of all its images.', {
      hint: 'give it a method labels() that returns them in order.',
    });
  }
  if (labels.length !== dataSet.length) {
    throw new DataError(
      `labels(): expected ${dataSet.length} labels, one a sample, received ${describe(labels.length)}.`,
    );
  }
  for (let i = 0; i < labels.length; i++) checkLabel(labels[i], dataSet.classes, `sample ${i}`);
  return Int32Array.from(labels);
}

/**
 * A weight for each class so that all classes count the same in a loss, whatever their numbers of images: the mean number a class divided by
 * the class's own. A class without images has weight 0.
 * @throws DataError as `labelsOf`
 */
export async function classWeights(dataSet: DataSet): Promise<Float32Array> {
  const counts = new Float64Array(dataSet.classes.length);
  const labels = await labelsOf(dataSet);
  for (const label of labels) counts[label] = (counts[label] as number) + 1;
  const present = counts.filter((count) => count > 0).length;
  return Float32Array.from(counts, (count) => (count === 0 ? 0 : labels.length / (present * count)));
}

/** Some of the samples of a data set, in the order of `indices`. */
export function subset(dataSet: DataSet, indices: ArrayLike<number>): DataSet {
  const at = (index: number) => indices[index] as number;
  const part: DataSet = {
    length: indices.length,
    classes: dataSet.classes,
    get: (index) => dataSet.get(at(index)),
  };
  if (dataSet.labels === undefined) return part;
  const pick = (labels: ArrayLike<number>) => Int32Array.from(indices, (index) => labels[index] as number);
  return {
    ...part,
    labels: () => {
      const labels = (dataSet as Required<DataSet>).labels();
      return 'then' in labels ? labels.then(pick) : pick(labels);
    },
  };
}
