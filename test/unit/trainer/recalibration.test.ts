/** Moving statistics that are made anew at the end of an epoch. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { augmentations, BatchLoader, preprocessingFor, type TrainerOptions } from '../../../lib/index.js';
import { colourData, smallTrainer, variablesOf } from '../../helpers/small_training.js';

/** One convolution's statistics, out of the definition: of the images as they are fed, over all of each batch. */
const options: Partial<TrainerOptions> = {
  augmentation: augmentations.none(),
  recalibrationBatches: 3,
  evaluateEveryEpoch: false,
};

/** Per channel of [.., channels]: mean, and variance by n - 1. */
function statistics(values: Float32Array, channels: number) {
  const rows = values.length / channels;
  return Array.from({ length: channels }, (_, c) => {
    let sum = 0;
    let squares = 0;
    for (let row = 0; row < rows; row++) {
      const value = values[row * channels + c] as number;
      sum += value;
      squares += value * value;
    }
    const mean = sum / rows;
    return { mean, variance: (squares - rows * mean * mean) / (rows - 1) };
  });
}

test('are the means over batches, with the weights as they are at the end', async () => {
  const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  await using trainer = await smallTrainer(options);
  await trainer.run();
  expect(warned).not.toHaveBeenCalled();
  const { session } = trainer;
  const { graph } = session;
  const norm = graph.nodes.find(({ op }) => op.name === 'batch_norm_training');
  const [x] = norm?.inputs ?? [];
  const name = [...graph.variables.keys()].find((each) => each.endsWith('moving_mean')) as string;
  const loader = await BatchLoader.create(colourData(24), {
    batchSize: 4,
    preprocessing: preprocessingFor('caffe', 8),
    seed: 3,
    epochs: 1,
  });
  const found: ReturnType<typeof statistics>[] = [];
  for await (const { images } of loader) {
    if (found.length === 3) break;
    const { x: value } = await session.run({ images }, { x: x as NonNullable<typeof x> });
    found.push(statistics(value.data as Float32Array, value.shape.at(-1) as number));
  }
  const expected = (what: 'mean' | 'variance') =>
    Array.from(
      { length: found[0]?.length ?? 0 },
      (_, c) => found.reduce((sum, batch) => sum + (batch[c]?.[what] ?? 0), 0) / 3,
    );
  const [mean, variance] = [session.read(name), session.read(name.replace(/mean$/, 'variance'))] as Float32Array[];
  for (const [c, value] of expected('mean').entries()) expect(mean?.[c]).toBeCloseTo(value, 3);
  for (const [c, value] of expected('variance').entries()) expect((variance?.[c] ?? 0) / value).toBeCloseTo(1, 3);
});

test('with moving averages, those of the averages change, and the training goes on as before', async () => {
  const averaged: Partial<TrainerOptions> = { ...options, movingAverageDecay: 0.99 };
  await using plain = await smallTrainer({ ...averaged, recalibrationBatches: 0 });
  await plain.run();
  await using trainer = await smallTrainer(averaged);
  await trainer.run();
  const [before, after] = [variablesOf(plain), variablesOf(trainer)];
  const changed = Object.keys(before).filter((name) => before[name] !== after[name]);
  expect(changed.length).toBeGreaterThan(0);
  for (const name of changed) expect(name).toMatch(/moving_(mean|variance)\/ExponentialMovingAverage$/);
});

test('a training that is interrupted ends with the same bits', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'slimnet-recalibration-'));
  try {
    const demanding: Partial<TrainerOptions> = { recalibrationBatches: 2, epochs: 3, movingAverageDecay: 0.9 };
    await using whole = await smallTrainer(demanding);
    await whole.run();
    const stop = new AbortController();
    const trainDir = join(folder, 'run');
    const first = await smallTrainer({ ...demanding, trainDir, onStep: ({ step }) => step === 6 && stop.abort() });
    await first.run({ signal: stop.signal });
    await first.close();
    await using second = await smallTrainer({ ...demanding, trainDir });
    await second.run();
    expect(variablesOf(second)).toEqual(variablesOf(whole));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
