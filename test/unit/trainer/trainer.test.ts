/** Trainer: from data to a trained network. */
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  augmentations,
  checkpoint,
  type EvaluationReport,
  loadModel,
  optimizers,
  schedules,
  slim,
  Trainer,
  type TrainerStep,
} from '../../../lib/index.js';
import { readRunRecord } from '../../../lib/report/index.js';
import { writePlainCheckpoint } from '../../helpers/plain_checkpoint.js';
import {
  colourData,
  colours,
  smallNetwork,
  smallTrainer,
  trainingDevice,
  variablesOf,
} from '../../helpers/small_training.js';

let folder: string;
let trainDir: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slimnet-trainer-'));
  trainDir = join(folder, 'run');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function collect(steps: AsyncIterable<TrainerStep>): Promise<TrainerStep[]> {
  const all: TrainerStep[] = [];
  for await (const step of steps) all.push(step);
  return all;
}

describe('learning', () => {
  test('a network learns what the labels say, and is right about pictures that it never saw', async () => {
    await using trainer = await smallTrainer({ epochs: 8, optimizer: optimizers.momentum(0.02, 0.9) });
    const { outcome, step, evaluation } = await trainer.run();
    expect({ outcome, step }).toEqual({ outcome: 'finished', step: 48 });
    expect(evaluation?.top1).toBe(1);
    await using model = await trainer.model();
    const { image, label } = await colourData(12, { seed: 2 }).get(4);
    const [best] = await model.classify(image);
    expect(best?.label).toBe(colours[label]);
  });

  test('64 labels that mean nothing are learnt by heart', async () => {
    const data = { ...colourData(64, { randomLabels: true }), validation: colourData(64, { randomLabels: true }) };
    await using trainer = await smallTrainer({
      data,
      batchSize: 32,
      epochs: 120,
      augmentation: augmentations.none(),
      optimizer: optimizers.adam(0.01),
      evaluateEveryEpoch: false,
    });
    await trainer.run();
    expect((await trainer.evaluate()).top1).toBe(1);
  });

  test('steps are told one by one: step, epoch, loss, learning rate', async () => {
    const schedule = schedules.exponentialDecay(0.01, 6, 0.5, { staircase: true });
    await using trainer = await smallTrainer({ optimizer: optimizers.momentum(schedule, 0.9) });
    const steps = await collect(trainer.steps());
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    expect(steps.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 12 }, (_, i) => (i + 1) / 6));
    expect(steps.map(({ learningRate }) => learningRate)).toEqual(
      Array.from({ length: 12 }, (_, i) => Math.fround(i < 6 ? 0.01 : 0.005)),
    );
    for (const { loss, accuracy, imagesPerSecond } of steps) {
      expect(loss).toBeGreaterThan(0);
      expect([0, 0.25, 0.5, 0.75, 1]).toContain(accuracy);
      expect(imagesPerSecond).toBeGreaterThan(0);
    }
  });

  test('gradients of two batches of four are those of one of eight, but for batch normalization', async () => {
    const build = (
      images: Parameters<typeof smallNetwork.build>[0],
      { numClasses }: { numClasses?: number | null | undefined },
    ) => slim.fullyConnected(slim.flatten(images), numClasses ?? 3, { activationFn: null, scope: 'fc' });
    const options = {
      augmentation: augmentations.none(),
      optimizer: optimizers.gradientDescent(1e-6),
      steps: 1,
      threads: 1,
    };
    const values: Float32Array[] = [];
    for (const [batchSize, gradientAccumulationSteps] of [
      [4, 2],
      [8, 1],
    ] as const) {
      await using trainer = await Trainer.create(
        { ...smallNetwork, build },
        { data: colourData(24), batchSize, gradientAccumulationSteps, ...options },
      );
      await trainer.run();
      values.push(trainer.session.read('fc/weights') as Float32Array);
    }
    const [two, one] = values as [Float32Array, Float32Array];
    for (const [i, value] of one.entries()) expect(two[i]).toBeCloseTo(value, 5);
  });

  test('a loss of one’s own is what is minimized', async () => {
    await using trainer = await smallTrainer({
      steps: 1,
      loss: (logits) => slim.losses.meanSquaredError(logits, slim.multiply(logits, slim.multiply(logits, logits))),
    });
    const [step] = await collect(trainer.steps());
    expect(Number.isFinite(step?.loss)).toBe(true);
    expect(trainer.session.graph.getCollection('losses')).toHaveLength(1);
  });

  test('weights of classes make a rare class count as much as the others', async () => {
    const all = colourData(24);
    const rare = {
      ...all,
      get: (i: number) => all.get(i < 3 ? i : 3 * i + (i % 2)),
      labels: () => Int32Array.from({ length: 24 }, (_, i) => (i < 3 ? i : i % 2)),
    };
    await using trainer = await smallTrainer({
      data: { ...rare, length: 24, get: async (i) => ({ ...(await rare.get(i)), label: rare.labels()[i] as number }) },
      classBalance: 'weights',
      steps: 2,
    });
    expect((await trainer.run()).step).toBe(2);
  });
});

describe('parts of a network', () => {
  test('what is frozen stays as it is, moving statistics included', async () => {
    await using trainer = await smallTrainer({ freeze: ['small/block1'] });
    const first = variablesOf(trainer);
    await trainer.run();
    const last = variablesOf(trainer);
    const changed = Object.keys(last).filter((name) => last[name] !== first[name]);
    expect(changed.filter((name) => name.startsWith('small/block1/'))).toEqual([]);
    expect(changed).toContain('small/logits/weights');
  });

  test('trainableScopes trains those alone, and statistics go on, as in Slim', async () => {
    await using trainer = await smallTrainer({ trainableScopes: ['small/logits'], steps: 2 });
    const first = variablesOf(trainer);
    await trainer.run();
    const last = variablesOf(trainer);
    const changed = Object.keys(last).filter((name) => last[name] !== first[name]);
    expect(
      changed
        .filter((name) => /(weights|gamma|beta|biases)$/.test(name))
        .every((name) => name.startsWith('small/logits/')),
    ).toBe(true);
    expect(changed.some((name) => name.endsWith('moving_mean'))).toBe(true);
  });

  test('a scale of the learning rate is one of the step, whatever the optimizer', async () => {
    const change = async (scale: number) => {
      await using trainer = await smallTrainer({
        steps: 1,
        optimizer: optimizers.adam(0.01),
        learningRateScales: { 'small/logits/biases': scale },
      });
      const first = Float32Array.from(trainer.session.read('small/logits/biases') as Float32Array);
      await trainer.run();
      return (trainer.session.read('small/logits/biases') as Float32Array).map(
        (value, i) => value - (first[i] as number),
      );
    };
    const [one, ten] = [await change(1), await change(10)];
    for (const [i, value] of one.entries()) expect(ten[i]).toBeCloseTo(10 * value, 5);
    expect(Math.abs(one[0] as number)).toBeGreaterThan(0.001);
  });

  test('moving averages follow the variables, and models have them', async () => {
    await using trainer = await smallTrainer({ movingAverageDecay: 0.9, steps: 3 });
    await trainer.run();
    const average = trainer.session.read('small/logits/weights/ExponentialMovingAverage');
    expect(average).not.toEqual(trainer.session.read('small/logits/weights'));
    await using model = await trainer.model();
    expect(model.session.read('small/logits/weights')).toEqual(average);
  });
});

describe('fine-tuning', () => {
  test('begins with the weights of a checkpoint, but for the scopes that are left out', async () => {
    await using first = await smallTrainer({ trainDir, steps: 2 });
    await first.run();
    const trained = variablesOf(first);
    const two = {
      ...colourData(24),
      classes: ['warm', 'cold'],
      get: async (i: number) => ({ ...(await colourData(24).get(i)), label: i % 2 }),
    };
    await using second = await smallTrainer({
      data: two,
      checkpoint: trainDir,
      excludeScopes: ['small/logits'],
      movingAverageDecay: 0.9,
    });
    const begun = variablesOf(second);
    const body = Object.keys(begun).filter(
      (name) => name.startsWith('small/block1') && trained[name] !== undefined && !/Momentum|Average/.test(name),
    );
    expect(body.length).toBeGreaterThan(5);
    for (const name of body) {
      expect(begun[name]).toBe(trained[name]);
      expect(begun[`${name}/ExponentialMovingAverage`]).toBe(trained[name]);
    }
    expect(second.session.read('small/logits/biases')).toHaveLength(2);
    expect(second.step).toBe(0);
  });

  test('published weights are those of the kept archive, but for the scopes that are left out', async () => {
    const kept = join(folder, 'weights', 'resnet_v1_50_2016_08_28');
    await mkdir(kept, { recursive: true });
    const written = await writePlainCheckpoint(join(kept, 'plain.safetensors'), 1000);
    await rename(written, join(kept, 'resnet_v1_50.ckpt'));
    const before = process.env.SLIMNET_WEIGHTS;
    process.env.SLIMNET_WEIGHTS = join(folder, 'weights');
    try {
      await using trainer = await Trainer.create('resnet_v1_50', {
        data: colourData(24),
        weights: 'imagenet',
        excludeScopes: ['resnet_v1_50/logits'],
        imageSize: 32,
        batchSize: 2,
      });
      // The pattern of the kept file begins so (plain_checkpoint.ts).
      const [first] = trainer.session.read('resnet_v1_50/block4/unit_3/bottleneck_v1/conv3/weights') as Float32Array;
      expect(first).toBe(Math.fround(-504 / (512 ** 0.5 * 500)));
      expect(trainer.session.read('resnet_v1_50/logits/biases')).toHaveLength(3);
    } finally {
      if (before === undefined) delete process.env.SLIMNET_WEIGHTS;
      else process.env.SLIMNET_WEIGHTS = before;
    }
  });

  test('published weights of a network of one’s own, and beside a checkpoint, are refused', async () => {
    await expect(smallTrainer({ weights: 'imagenet' })).rejects.toThrow(/of the networks of the registry alone.*pass/s);
    await expect(smallTrainer({ weights: 'imagenet', checkpoint: trainDir })).rejects.toThrow(
      /expected checkpoint or weights, received both/,
    );
    await expect(smallTrainer({ excludeScopes: ['small/logits'] })).rejects.toThrow(/none is given.*pass/s);
  });

  test('another number of classes without leaving out the logits is refused, with the way out', async () => {
    await using first = await smallTrainer({ trainDir, steps: 1 });
    await first.run();
    const data = { ...colourData(24), classes: ['a', 'b', 'c', 'd'] };
    await expect(smallTrainer({ data, checkpoint: trainDir })).rejects.toMatchObject({
      code: 'ERR_CHECKPOINT',
      message: expect.stringMatching(/small\/logits.*excludeScopes/s) as unknown,
    });
  });
});

describe('evaluation', () => {
  test('counts what the model says of each picture', async () => {
    await using trainer = await smallTrainer({ steps: 3 });
    await trainer.run();
    const report = await trainer.evaluate();
    await using model = await trainer.model();
    const held = colourData(12, { seed: 2 });
    const confusion = new Map<string, number>();
    let loss = 0;
    for (let i = 0; i < 12; i++) {
      const { image, label } = await held.get(i);
      const all = await model.classify(image, { topK: 3 });
      const key = `${label},${all[0]?.index}`;
      confusion.set(key, (confusion.get(key) ?? 0) + 1);
      loss -= Math.log(all.find(({ index }) => index === label)?.probability as number) / 12;
    }
    expect(report).toMatchObject({ step: 3, images: 12, skipped: 0, top5: 1 });
    expect(Object.fromEntries(report.confusion.map(([label, predicted, n]) => [`${label},${predicted}`, n]))).toEqual(
      Object.fromEntries(confusion),
    );
    expect(report.loss).toBeCloseTo(loss, 4);
    const right = report.confusion.reduce((sum, [label, predicted, n]) => sum + (label === predicted ? n : 0), 0);
    expect(report.top1).toBeCloseTo(right / 12, 10);
    expect(report.mistakes).toHaveLength(12 - right);
    expect(report.perClass.map(({ name, images }) => [name, images])).toEqual(colours.map((name) => [name, 4]));
  });

  test('happens after each epoch; what was best is kept, and no improvement ends the training', async () => {
    const reports: EvaluationReport[] = [];
    await using trainer = await smallTrainer({
      trainDir,
      epochs: 50,
      optimizer: optimizers.momentum(0, 0.9),
      monitor: 'top5',
      earlyStopping: { patience: 3 },
      onEvaluation: (report) => reports.push(report),
    });
    const { outcome, step, best } = await trainer.run();
    // All of three classes are among the first five: nothing is better than the first evaluation.
    expect({ outcome, step }).toEqual({ outcome: 'stopped', step: 24 });
    expect(best).toEqual({ step: 6, value: 1, checkpoint: join(trainDir, 'best', 'model.ckpt-6') });
    expect(reports.map((report) => report.step)).toEqual([6, 12, 18, 24]);
    expect(await checkpoint.latestCheckpoint(join(trainDir, 'best'))).toBe(best?.checkpoint);
    await trainer.close();
    // Who asks again is not given more.
    await using again = await smallTrainer({
      trainDir,
      epochs: 50,
      optimizer: optimizers.momentum(0, 0.9),
      monitor: 'top5',
      earlyStopping: { patience: 3 },
    });
    expect(await again.run()).toMatchObject({ outcome: 'stopped', step: 24 });
  });

  test('without held-out pictures says so', async () => {
    await using trainer = await smallTrainer({ data: colourData(24), steps: 1 });
    await expect(trainer.evaluate()).rejects.toMatchObject({ code: 'ERR_DATA' });
  });
});

describe('a model of a training', () => {
  test('answers while steps run, from the weights of its last refresh', async () => {
    await using trainer = await smallTrainer({ epochs: 4 });
    await using model = await trainer.model();
    const { image } = await colourData(12, { seed: 2 }).get(0);
    const first = await model.logits(image);
    let answers = 0;
    let training = true;
    const serving = (async () => {
      while (training) {
        expect(await model.logits(image)).toEqual(first);
        answers++;
      }
    })();
    await trainer.run();
    training = false;
    await serving;
    expect(answers).toBeGreaterThan(3);
    await model.refresh();
    expect(await model.logits(image)).not.toEqual(first);
    await using fresh = await trainer.model();
    expect(await model.logits(image)).toEqual(await fresh.logits(image));
  });

  test('lives on when the trainer is closed', async () => {
    const trainer = await smallTrainer({ steps: 1 });
    await using model = await trainer.model();
    await trainer.close();
    expect(await model.logits((await colourData(3).get(0)).image)).toHaveLength(3);
    await expect(trainer.model()).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  });
});

describe('a train dir', () => {
  test('holds five checkpoints at most, the record of the run and event files; loadModel takes it', async () => {
    await using trainer = await smallTrainer({ trainDir, epochs: 7 });
    const { checkpoint: last } = await trainer.run();
    const names = await readdir(trainDir);
    expect(names.filter((name) => name.endsWith('.index')).sort()).toEqual(
      [18, 24, 30, 36, 42].map((step) => `model.ckpt-${step}.index`),
    );
    expect(last).toBe(join(trainDir, 'model.ckpt-42'));
    expect(names.some((name) => name.startsWith('events.out.tfevents.'))).toBe(true);
    const record = await readRunRecord(trainDir);
    expect(record.run).toMatchObject({ network: 'small', classes: colours, trainingImages: 24, validationImages: 12 });
    expect(record.evaluations.map(({ step }) => step)).toEqual([6, 12, 18, 24, 30, 36, 42]);
    expect(record.end).toMatchObject({ step: 42, outcome: 'finished' });
    await using own = await trainer.model();
    await using model = await loadModel(smallNetwork, {
      checkpoint: trainDir,
      precision: 'float32',
      device: trainingDevice,
    });
    expect(model.labels).toEqual(colours);
    const { image } = await colourData(3).get(1);
    expect(await model.logits(image)).toEqual(await own.logits(image));
  });

  test('closing ends a loop over steps that nobody goes on with, and writes its checkpoint', async () => {
    const trainer = await smallTrainer({ trainDir, epochs: 50 });
    const steps = trainer.steps();
    await steps.next();
    const { value } = await steps.next();
    await trainer.close();
    expect(value).toMatchObject({ step: 2 });
    expect(await checkpoint.latestCheckpoint(trainDir)).toBe(join(trainDir, 'model.ckpt-2'));
    expect(await steps.next()).toEqual({ done: true, value: undefined });
  }, 60_000);

  test('a damaged picture is left out, counted and named', async () => {
    const data = {
      ...colourData(24),
      get: (i: number) =>
        i === 5 ? { image: Uint8Array.of(1, 2, 3), label: 0, name: 'broken.jpg' } : colourData(24).get(i),
    };
    const names: string[] = [];
    await using trainer = await smallTrainer({ data, trainDir, onSkip: ({ name }) => names.push(name) });
    await trainer.run();
    expect(names).toContain('broken.jpg');
    expect((await readRunRecord(trainDir)).skipped.map(({ name }) => name)).toEqual(['broken.jpg']);
  });

  test('a loss that is no number ends the training, and keeps the last good checkpoint', async () => {
    await using trainer = await smallTrainer({
      trainDir,
      epochs: 3,
      optimizer: optimizers.gradientDescent(schedules.piecewiseConstant([7], [0.001, 1e30])),
    });
    await expect(trainer.run()).rejects.toThrow('LossTensor is inf or nan');
    expect(await checkpoint.latestCheckpoint(trainDir)).toBe(join(trainDir, 'model.ckpt-6'));
    expect((await readRunRecord(trainDir)).end).toMatchObject({ outcome: 'failed' });
    await trainer.close();
    await using again = await smallTrainer({ trainDir, epochs: 3, optimizer: optimizers.gradientDescent(0.001) });
    expect(again.step).toBe(6);
  });

  test('event files hold the scalars of the steps', async () => {
    await using trainer = await smallTrainer({ trainDir, logEverySteps: 2 });
    await trainer.run();
    await trainer.close();
    const name = (await readdir(trainDir)).find((each) => each.startsWith('events.')) as string;
    const bytes = await readFile(join(trainDir, name), 'latin1');
    for (const tag of ['loss', 'learning_rate', 'images_per_second', 'evaluation/top1', 'images/image/0'])
      expect(bytes).toContain(tag);
  });
});

describe('what a user may get wrong', () => {
  test.each([
    [{ batch: 3 }, 'ERR_ARGUMENT', /no option batch/],
    [{ batchSize: 25 }, 'ERR_DATA', /25/],
    [{ epochs: 2, steps: 3 }, 'ERR_ARGUMENT', /epochs or steps/],
    [{ precision: 'int8' }, 'ERR_ARGUMENT', /int8/],
    [{ freeze: ['smal/block1'] }, 'ERR_ARGUMENT', /smal\/block1/],
    [{ freeze: ['small'] }, 'ERR_ARGUMENT', /nothing to train/],
    [{ excludeScopes: ['small/logits'] }, 'ERR_ARGUMENT', /checkpoint/],
    [{ learningRateScales: { 'small/logit/': 2 } }, 'ERR_ARGUMENT', /small\/logit/],
    [{ labelSmoothing: 2 }, 'ERR_ARGUMENT', /labelSmoothing/],
    [{ weightDecay: 1e-4 }, 'ERR_ARGUMENT', /of your own/],
    [{ optimizer: 'adam' }, 'ERR_ARGUMENT', /optimizer/],
    [{ data: { ...colourData(24), classes: ['one'] } }, 'ERR_DATA', /one class/],
    [{ data: {} }, 'ERR_ARGUMENT', /data set/],
    [{ gradientAccumulationSteps: 100 }, 'ERR_DATA', /no step/],
    [{ cache: 'disk' }, 'ERR_ARGUMENT', /cache/],
    [{ earlyStopping: {} }, 'ERR_ARGUMENT', /patience/],
    [{ onStep: 1 }, 'ERR_ARGUMENT', /onStep/],
  ])('%j is refused: %s', async (options, code, message) => {
    const error = await smallTrainer(options as never).catch((e: unknown) => e);
    expect(error).toMatchObject({ code });
    expect((error as Error).message).toMatch(message);
  });

  test('two loops at once are refused', async () => {
    await using trainer = await smallTrainer();
    const first = trainer.steps();
    await first.next();
    await expect(trainer.run()).rejects.toMatchObject({ code: 'ERR_EXECUTION' });
    await first.return();
  });
});
