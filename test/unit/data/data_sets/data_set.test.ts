import { checkDataSet, labelsOf } from '../../../../lib/data/data_sets/index.js';
import {
  classWeights,
  type DataSet,
  type ShapeDataSetOptions,
  shapeClasses,
  shapeDataSet,
  shapeImage,
  splitDataSet,
  subset,
} from '../../../../lib/data/index.js';
import { ArgumentError, DataError } from '../../../../lib/errors.js';

const pixel = { data: new Uint8Array(3), width: 1, height: 1, channels: 3 } as const;

/** A data set with these labels. */
function labelled(labels: readonly number[], classes = ['a', 'b', 'c']): DataSet {
  return {
    length: labels.length,
    classes,
    get: (index) => ({ image: pixel, label: labels[index] as number }),
    labels: () => labels,
  };
}

test('P10 as a data set has the images and labels of shapeImage', async () => {
  const dataSet = shapeDataSet({ seed: 3, length: 25, first: 7 });
  expect([dataSet.length, dataSet.classes]).toEqual([25, shapeClasses]);
  const { label, ...image } = shapeImage({ seed: 3, index: 12 });
  expect(await dataSet.get(5)).toMatchObject({ image, label });
  expect([...(await labelsOf(dataSet))]).toEqual(Array.from({ length: 25 }, (_, i) => (i + 7) % 10));
  expect(() => dataSet.get(25)).toThrow(/expected the number of an image from 0 to 24, received 25/i);
});

test.each([
  [{ seed: 1 }, /length/],
  [{ seed: -1, length: 5 }, /seed/],
  [{ seed: 1, length: 0 }, /length/],
  [{ seed: 1, length: 5, first: -1 }, /first/],
])('shapeDataSet refuses %p', (options, message) => {
  expect(() => shapeDataSet(options as ShapeDataSetOptions)).toThrow(message);
});

test('class weights make all classes count the same, and the mean weight of a sample is 1', async () => {
  const labels = [0, 0, 0, 0, 0, 0, 1, 1];
  const weights = await classWeights(labelled(labels));
  expect([...weights]).toEqual([8 / 12, 2, 0].map(Math.fround));
  expect(labels.reduce((sum, label) => sum + (weights[label] as number), 0) / labels.length).toBeCloseTo(1, 6);
});

test('a subset has its samples and labels in the order of the indices', async () => {
  const part = subset(labelled([0, 1, 2, 1]), [3, 2]);
  expect([(await part.get(0)).label, (await part.get(1)).label, [...(await labelsOf(part))]]).toEqual([1, 2, [1, 2]]);
});

test('a data set of one hundred own images is split by class where it says its labels, and at all where not', async () => {
  const labels = Array.from({ length: 100 }, (_, i) => (i < 80 ? 0 : 1));
  const dataSet = await splitDataSet(labelled(labels), { validation: 0.1 });
  const held = await labelsOf(dataSet.validation as DataSet);
  expect([dataSet.length, held.length, held.filter((label) => label === 1).length]).toEqual([90, 10, 2]);
  const { labels: _, ...bare } = labelled(labels);
  expect((await splitDataSet(bare, { validation: 0.1 })).validation?.length).toBe(10);
});

test('labels that are out of range, missing or unknown are told', async () => {
  await expect(labelsOf(labelled([0, 3]))).rejects.toThrow(
    /label of sample 1 is out of range: expected an integer from 0 to 2, received 3/,
  );
  await expect(labelsOf(labelled([0.5]))).rejects.toThrow(DataError);
  await expect(labelsOf({ ...labelled([0, 1]), length: 3 })).rejects.toThrow(
    /expected 3 labels, one a sample, received 2/,
  );
  const { labels: _, ...bare } = labelled([0]);
  await expect(labelsOf(bare)).rejects.toThrow(/Hint: give it a method labels\(\)/);
});

test.each([
  [null, /expected a data set/],
  [{ length: 1, classes: ['a'] }, /expected a data set/],
  [{ ...labelled([0]), length: -1 }, /length: expected a number of images/],
  [{ ...labelled([0]), classes: [] }, /classes: expected a list of names, received an array of 0/],
])('%p is no data set', (value, message) => {
  const check = () => checkDataSet('train', value);
  expect(check).toThrow(ArgumentError);
  expect(check).toThrow(message);
});
