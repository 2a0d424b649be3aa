/** A training that is interrupted ends as one that is not. */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkpoint, optimizers, schedules, type TrainerOptions } from '../../../lib/index.js';
import { mountSmallDisk } from '../../helpers/small_disk.js';
import {
  colourData,
  smallTrainer,
  splitColourData,
  trainingDevice,
  variablesOf,
} from '../../helpers/small_training.js';

let folder: string;
let trainDir: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slimnet-resume-'));
  trainDir = join(folder, 'run');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Options under which all state matters: slots, averages, schedule, augmentation, several batches a step. */
const demanding: Partial<TrainerOptions> = {
  optimizer: optimizers.adam(schedules.cosineDecay(0.01, 12)),
  movingAverageDecay: 0.9,
  gradientAccumulationSteps: 2,
  batchSize: 3,
  epochs: 3,
};

test.each([1, 2, 4, 5, 8, 11])('interrupted after step %i, it ends with the same bits', async (last) => {
  await using whole = await smallTrainer(demanding);
  await whole.run();
  const stop = new AbortController();
  const first = await smallTrainer({
    ...demanding,
    trainDir,
    onStep: ({ step }) => step === last && stop.abort(),
  });
  expect(await first.run({ signal: stop.signal })).toMatchObject({ outcome: 'interrupted', step: last });
  await first.close();
  await using second = await smallTrainer({ ...demanding, trainDir });
  expect(second.step).toBe(last);
  const { outcome, best } = await second.run();
  expect(outcome).toBe('finished');
  expect(variablesOf(second)).toEqual(variablesOf(whole));
  const { best: expected } = await whole.run();
  expect(best).toMatchObject({ step: expected?.step, value: expected?.value });
});

test('in bfloat16 it ends with the same bits as well', async () => {
  const options: Partial<TrainerOptions> = { ...demanding, precision: 'bfloat16' };
  const whole = await smallTrainer(options);
  const refused = await whole.run().then(
    () => null,
    (error: unknown) => error,
  );
  const expected = variablesOf(whole);
  await whole.close();
  if (refused !== null) {
    expect(refused).toMatchObject({ code: expect.stringMatching(/ERR_(BACKEND|COMPILE)/) as unknown });
    console.warn(`no training in bfloat16 here: ${(refused as Error).message}`);
    return;
  }
  const stop = new AbortController();
  const first = await smallTrainer({ ...options, trainDir, onStep: ({ step }) => step === 5 && stop.abort() });
  await first.run({ signal: stop.signal });
  await first.close();
  // Unless told, a training goes on in the precision that it began with.
  await using second = await smallTrainer({ ...demanding, trainDir });
  expect(second.machine.precision).toBe('bfloat16');
  await second.run();
  expect(variablesOf(second)).toEqual(expected);
});

test('leaving the loop of steps keeps all that is needed to go on', async () => {
  await using whole = await smallTrainer(demanding);
  await whole.run();
  await using trainer = await smallTrainer(demanding);
  for await (const { step } of trainer.steps()) if (step === 3) break;
  for await (const { step } of trainer.steps()) if (step === 7) break;
  await trainer.run();
  expect(variablesOf(trainer)).toEqual(variablesOf(whole));
});

test('the same seed gives the same bits, another one others', async () => {
  const end = async (seed: number) => {
    await using trainer = await smallTrainer({ seed });
    await trainer.run();
    return variablesOf(trainer);
  };
  expect(await end(5)).toEqual(await end(5));
  expect(await end(5)).not.toEqual(await end(6));
});

test('more epochs may be asked for later', async () => {
  const first = await smallTrainer({ trainDir });
  await first.run();
  await first.close();
  await using second = await smallTrainer({ trainDir, epochs: 3 });
  expect(await second.run()).toMatchObject({ outcome: 'finished', step: 18 });
});

describe('refused by name', () => {
  test.each([
    [{ threads: 2 }, /number of threads.*1, now 2/],
    [{ precision: 'bfloat16' }, /precision.*float32, now bfloat16/],
    [{ device: 'reference' }, new RegExp(`device.*${trainingDevice}, now reference`)],
    [{ batchSize: 6 }, /batchSize/],
    [{ seed: 4 }, /seed/],
    [{ optimizer: optimizers.adam(0.01) }, /optimizer/],
    [{ data: colourData(30) }, /number of training images/],
    [{ data: { ...splitColourData(), classes: ['x', 'y', 'z'] } }, /classes/],
  ] as const)('%j', async (options, message) => {
    const first = await smallTrainer({ trainDir, steps: 1 });
    await first.run();
    await first.close();
    const error = await smallTrainer({ trainDir, steps: 2, ...options } as never).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_ARGUMENT' });
    expect((error as Error).message).toMatch(message);
  });

  test('a checkpoint of another program in the train dir', async () => {
    await using trainer = await smallTrainer({ steps: 1 });
    await trainer.session.save(join(trainDir, 'model.ckpt-7'));
    await checkpoint.updateCheckpointState(trainDir, { modelCheckpointPath: join(trainDir, 'model.ckpt-7') });
    await expect(smallTrainer({ trainDir })).rejects.toMatchObject({ code: 'ERR_CHECKPOINT' });
  });
});

test('exactResume: false goes on with other threads', async () => {
  const first = await smallTrainer({ trainDir, steps: 1 });
  await first.run();
  await first.close();
  await using second = await smallTrainer({ trainDir, steps: 2, threads: 2, exactResume: false });
  expect(await second.run()).toMatchObject({ step: 2 });
});

test('with onSaveError a disk that is full does not end the training, and once there is room again it is saved', async () => {
  const disk = mountSmallDisk(200);
  if (disk === null) return;
  try {
    const dir = join(disk.folder, 'run');
    const ballast = join(disk.folder, 'ballast');
    const told: unknown[] = [];
    const trainer = await smallTrainer({
      trainDir: dir,
      epochs: 12,
      keepBest: false,
      evaluateEveryEpoch: false,
      summaries: { images: 0 },
      onSaveError: (error) => told.push(error),
      // So much is said of the steps that it does not fit either.
      logEverySteps: 1,
      onEpoch: ({ epoch }) => {
        if (epoch === 3) fillDisk(ballast);
        if (epoch === 10) rmSync(ballast);
      },
    });
    expect(await trainer.run()).toMatchObject({ outcome: 'finished', step: 72 });
    await trainer.close();
    expect(told.length).toBeGreaterThan(0);
    for (const error of told) expect((error as Error).message).toMatch(/ENOSPC|no space/);
    expect(await checkpoint.latestCheckpoint(dir)).toBe(join(dir, 'model.ckpt-72'));
  } finally {
    disk.remove();
  }
});

/** A file that leaves no byte to others. */
function fillDisk(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (;;) writeSync(file, new Uint8Array(4096));
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  } finally {
    closeSync(file);
  }
}

test('a disk that is full ends the training with an error, and the last good checkpoint stays', async () => {
  const disk = mountSmallDisk(200);
  if (disk === null) return;
  try {
    const dir = join(disk.folder, 'run');
    const options = {
      trainDir: dir,
      epochs: 60,
      maxToKeep: 1000,
      keepBest: false,
      evaluateEveryEpoch: false,
      summaries: { images: 0 },
    };
    const first = await smallTrainer(options);
    await expect(first.run()).rejects.toMatchObject({ message: expect.stringContaining('ENOSPC') as unknown });
    await first.close().catch(() => {});
    const last = (await checkpoint.latestCheckpoint(dir)) as string;
    await using reader = await checkpoint.openCheckpoint(last);
    expect((await reader.read('small/logits/weights')).data).toHaveLength(24);
  } finally {
    disk.remove();
  }
});
