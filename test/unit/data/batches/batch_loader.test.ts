import {
  augmentations,
  type Batch,
  BatchLoader,
  type BatchOptions,
  type DataSet,
  type SkippedImage,
  shapeDataSet,
} from '../../../../lib/data/index.js';
import { preprocessingFor } from '../../../../lib/data/preprocessing.js';
import { ArgumentError, DataError, ImageError } from '../../../../lib/errors.js';
import { addon } from '../../../helpers/run.js';

const preprocessing = { ...preprocessingFor('vgg', 32), resizeSide: 64 };
const shapes = shapeDataSet({ seed: 1, length: 50 });
const own = (options: Partial<BatchOptions> = {}): BatchOptions => ({
  batchSize: 8,
  preprocessing,
  seed: 3,
  ...options,
});

async function all(dataSet: DataSet, options: BatchOptions, most = Number.POSITIVE_INFINITY): Promise<Batch[]> {
  const batches: Batch[] = [];
  if (most === 0) return batches;
  for await (const batch of await BatchLoader.create(dataSet, options)) {
    batches.push(batch);
    if (batches.length >= most) break;
  }
  return batches;
}

/** P10, where reading some images fails. */
function damaged(
  bad: ReadonlySet<number>,
  error: (index: number) => Error = (i) => new ImageError(`bad ${i}`),
): DataSet {
  return {
    ...shapes,
    get: async (index) => {
      if (bad.has(index)) throw error(index);
      return shapes.get(index);
    },
  };
}

const indicesOf = (batches: readonly Batch[]) => batches.flatMap(({ indices }) => [...indices]);
const colourful = augmentations.plain({ resizeSideMin: 40, resizeSideMax: 64, brightness: 0.1 });

test('a batch has the preprocessed images of its indices, with their labels', async () => {
  const [batch] = await all(shapes, own({ epochs: 1 }), 1);
  const { images, labels, indices, epoch, next } = batch as Batch;
  expect([images.length, labels.length, epoch, next]).toEqual([8, 8, 0, { epoch: 0, taken: 8 }]);
  for (const [i, index] of indices.entries()) {
    const { image, label } = await shapes.get(index);
    expect(labels[i]).toBe(label);
    expect(images[i]).toEqual(await addon().preprocess(preprocessing, [image as never]));
  }
});

test('an epoch has each image once, but for those that fill no batch, or all with a smaller last batch', async () => {
  const dropped = await all(shapes, own({ epochs: 1 }));
  expect(dropped.map(({ labels }) => labels.length)).toEqual([8, 8, 8, 8, 8, 8]);
  expect(new Set(indicesOf(dropped)).size).toBe(48);
  const whole = await all(shapes, own({ epochs: 1, lastBatch: 'smaller', order: 'sequential' }));
  expect(whole.map(({ labels }) => labels.length)).toEqual([8, 8, 8, 8, 8, 8, 2]);
  expect(indicesOf(whole)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  expect(whole.at(-1)?.next).toEqual({ epoch: 1, taken: 0 });
});

test('batches an epoch and images an epoch are known before', async () => {
  const loader = await BatchLoader.create(shapes, own());
  const whole = await BatchLoader.create(shapes, own({ lastBatch: 'smaller' }));
  expect([loader.batchesPerEpoch, loader.samplesPerEpoch, whole.batchesPerEpoch]).toEqual([6, 50, 7]);
});

test('a run that goes on at any batch of another makes the same batches, to the bit', async () => {
  const options = own({ epochs: 3, augmentation: colourful });
  const bad = damaged(new Set([4, 17, 33]));
  const whole = await all(bad, options);
  expect(whole.map(({ epoch }) => epoch)).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
  for (const stopped of [1, 4, 5, 7, 14]) {
    const start = JSON.parse(JSON.stringify(whole[stopped - 1]?.next));
    expect(await all(bad, { ...options, start, workers: 1, prefetch: 1 })).toEqual(whole.slice(stopped));
  }
});

test('another epoch draws other augmentations of an image, and another seed as well', async () => {
  const pixels = async (options: Partial<BatchOptions>) => {
    const batches = await all(
      shapes,
      own({ order: 'sequential', augmentation: colourful, batchSize: 50, ...options }),
      2,
    );
    return batches.map(({ images }) => images[7] as Float32Array);
  };
  const [first, second] = await pixels({});
  const [again] = await pixels({ prefetch: 1, workers: 3 });
  const [other] = await pixels({ seed: 4 });
  expect(again).toEqual(first);
  expect(second).not.toEqual(first);
  expect(other).not.toEqual(first);
});

test('a balanced order has each class equally often', async () => {
  const rare: DataSet = {
    ...shapes,
    length: 40,
    get: async (i) => ({ ...(await shapes.get(i)), label: i < 36 ? 0 : 1 }),
  };
  const labels = () => Int32Array.from({ length: 40 }, (_, i) => (i < 36 ? 0 : 1));
  const batches = await all({ ...rare, labels }, own({ order: 'balanced', epochs: 1 }));
  const ones = batches.flatMap((batch) => [...batch.labels]).filter((label) => label === 1).length;
  expect([batches.length, ones]).toEqual([5, 20]);
  const { labels: _, ...unknown } = rare;
  await expect(BatchLoader.create(unknown, own({ order: 'balanced' }))).rejects.toThrow(DataError);
});

describe('images that cannot be read', () => {
  test('are left out, told once, and replaced by the next ones', async () => {
    const told: SkippedImage[] = [];
    const loader = await BatchLoader.create(
      damaged(new Set([3, 20])),
      own({ epochs: 2, onSkip: (skipped) => told.push(skipped) }),
    );
    const sizes: number[] = [];
    for await (const { indices, images } of loader) {
      sizes.push(images.length);
      expect(indices.includes(3) || indices.includes(20)).toBe(false);
    }
    expect(sizes).toEqual(new Array(12).fill(8));
    expect(told.map(({ index, name, error }) => [index, name, error.message]).sort()).toEqual([
      [20, 'image 20', 'bad 20'],
      [3, 'image 3', 'bad 3'],
    ]);
    expect(loader.skipped).toEqual(told);
  });

  test('end the training when most are bad, with the first of them', async () => {
    const many: DataSet = {
      length: 1000,
      classes: ['a', 'b'],
      get: async (i) => {
        if (i % 3 > 0) throw new ImageError(`bad ${i}`, { path: `${i}.jpg` });
        return shapes.get(i % 50);
      },
    };
    const attempt = all({ ...many, classes: shapes.classes }, own({ order: 'sequential' }));
    await expect(attempt).rejects.toThrow(DataError);
    await expect(attempt).rejects.toThrow(
      /of the first \d+ images cannot be read\. The first is image 1: 1\.jpg: bad 1/,
    );
  });

  test('end the training when an epoch has no whole batch of good ones', async () => {
    const bad = new Set(Array.from({ length: 45 }, (_, i) => i));
    await expect(all(damaged(bad), own())).rejects.toThrow(/45 of the first 50 images cannot be read/);
  });
});

describe('what else goes wrong reaches the consumer', () => {
  test.each([
    ["an error of one's own get", damaged(new Set([5]), () => new TypeError('mine')), /mine/],
    [
      'a label out of range',
      { ...shapes, get: async (i: number) => ({ ...(await shapes.get(i)), label: 10 }) },
      /The label of P10 1\/\d+ is out of range: expected an integer from 0 to 9, received 10/,
    ],
    ['a sample that is none', { ...shapes, get: async () => null as never }, /null/],
  ])('%s', async (_, dataSet, message) => {
    await expect(all(dataSet, own({ order: 'sequential', epochs: 1 }))).rejects.toThrow(message);
  });

  test('batches before it are handed over', async () => {
    const seen: Batch[] = [];
    const loader = await BatchLoader.create(
      damaged(new Set([20]), () => new Error('late')),
      own({ order: 'sequential' }),
    );
    const loop = async () => {
      for await (const batch of loader) seen.push(batch);
    };
    await expect(loop()).rejects.toThrow('late');
    expect(seen.length).toBe(2);
  });
});

describe('a signal', () => {
  test('ends the loop with its reason, while it waits as well', async () => {
    const stop = new AbortController();
    const stuck: DataSet = {
      ...shapes,
      get: () => new Promise((resolve) => stop.signal.addEventListener('abort', () => resolve(shapes.get(0) as never))),
    };
    const attempt = all(stuck, own({ signal: stop.signal }));
    setTimeout(() => stop.abort('enough'), 20);
    await expect(attempt).rejects.toBe('enough');
    await expect(all(shapes, own({ signal: AbortSignal.abort('before') }))).rejects.toBe('before');
  });
});

test('no more is made in advance than was asked for, and leaving the loop ends the work', async () => {
  let begun = 0;
  let atWork = 0;
  const counted: DataSet = {
    ...shapes,
    get: async (index) => {
      begun++;
      atWork++;
      await new Promise((resolve) => setTimeout(resolve, 1));
      atWork--;
      return shapes.get(index);
    },
  };
  for await (const _ of await BatchLoader.create(counted, own({ prefetch: 2, workers: 3 }))) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(begun).toBeLessThanOrEqual(8 + 2 * 8 + 3);
    break;
  }
  expect(atWork).toBe(0);
  const after = begun;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(begun).toBe(after);
});

describe('clear words are said of', () => {
  test('an epoch that is smaller than a batch', async () => {
    await expect(BatchLoader.create(shapes, own({ batchSize: 51 }))).rejects.toThrow(
      /An epoch of 50 images is smaller than a batch of 51\. Hint: take batchSize: 50 or less/,
    );
    const [batch] = await all(shapes, own({ batchSize: 51, lastBatch: 'smaller', epochs: 1 }));
    expect(batch?.images.length).toBe(50);
  });

  test('an empty data set', async () => {
    await expect(BatchLoader.create({ ...shapes, length: 0 }, own())).rejects.toThrow(/The data set has no images/);
  });

  test.each([
    [{ batchSize: 0 }, /batchSize: expected an integer from 1/],
    [{ order: 'random' }, /order: expected sequential, shuffled or balanced/],
    [{ lastBatch: 'keep' }, /lastBatch/],
    [{ start: { epoch: 0 } }, /start\.taken/],
    [{ preprocessing: 'vgg' }, /preprocessing: expected \{name, height, \.\.\.\}/],
    [{ preprocessing: { name: 'tv' } }, /There is no preprocessing the string "tv"/],
    [{ augmentation: augmentations.slim({ resizeSideMin: 16 }) }, /a crop of 32 x 32 does not fit/],
    [{ epochs: 0 }, /epochs/],
    [{ shuffle: true }, /has no option shuffle/],
  ])('the options %p', async (options, message) => {
    const attempt = BatchLoader.create(shapes, own(options as Partial<BatchOptions>));
    await expect(attempt).rejects.toThrow(ArgumentError);
    await expect(attempt).rejects.toThrow(message);
  });
});
