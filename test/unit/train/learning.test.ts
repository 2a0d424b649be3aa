/** slim.learning: train ops and the loop. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checkpoint,
  constant,
  Graph,
  optimizers,
  placeholder,
  Saver,
  Session,
  slim,
  type Tensor,
} from '../../../lib/index.js';
import { readEvents } from '../../helpers/event_reader.js';
import { linearProblem } from '../../helpers/training.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slimnet-train-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const quiet = { log: () => {} };
const inputs = Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7);
const targets = Float32Array.of(1, 2, 3, 4);

/** Four points and a plane through them: losses 7.5, 0.7350, 0.1703, 0.1215, 0.1157 with gradient descent at 0.01. */
function plane(options: Parameters<typeof slim.learning.createTrainOp>[2] = {}): { graph: Graph; trainOp: Tensor } {
  const graph = new Graph();
  const trainOp = graph.build(() => {
    const x = placeholder('float32', [4, 2], { name: 'x' });
    const y = placeholder('float32', [4, 1], { name: 'y' });
    const net = slim.fullyConnected(x, 1, { activationFn: null, weightsInitializer: slim.zerosInitializer() });
    slim.losses.meanSquaredError(net, y);
    return slim.learning.createTrainOp(slim.losses.getTotalLoss(), optimizers.gradientDescent(0.01), options);
  });
  return { graph, trainOp };
}
const feeds = () => ({ x: inputs, y: targets });

describe('createTrainOp', () => {
  test('has the loss from before the step as its value, and counts the step', async () => {
    const { graph, trainOp } = plane();
    await using session = await Session.create(graph);
    await session.initialize();
    const losses: number[] = [];
    for (let i = 0; i < 5; i++) losses.push(Number((await session.run(feeds(), { loss: trainOp })).loss.data[0]));
    for (const [i, expected] of [7.5, 0.735, 0.1703, 0.1215, 0.1157].entries())
      expect(losses[i]).toBeCloseTo(expected, 4);
    expect(session.read('global_step')[0]).toBe(5n);
    expect(graph.getCollection('train_op')).toEqual([trainOp]);
  });

  test('does not count without a global step', async () => {
    const { graph, trainOp } = plane({ globalStep: null });
    expect(graph.variables.has('global_step')).toBe(false);
    await using session = await Session.create(graph);
    await session.initialize();
    await session.run(feeds(), { trainOp });
  });

  test('multiplies gradients first and clips each by its own norm then', async () => {
    const graph = new Graph();
    const trainOp = graph.build(() => {
      const [a, b] = ['a', 'b'].map((name) =>
        slim.variable(name, { shape: [2], initializer: slim.zerosInitializer() }),
      ) as [ReturnType<typeof slim.variable>, ReturnType<typeof slim.variable>];
      const product = (v: typeof a, by: readonly number[]) => slim.reduceSum(slim.multiply(v.tensor, constant(by)));
      const loss = slim.add(product(a, [0.3, 0.4]), product(b, [3, 4]));
      return slim.learning.createTrainOp(loss, optimizers.gradientDescent(1), {
        gradientMultipliers: { a: 10, b: 0.1 },
        clipGradientNorm: 2,
      });
    });
    await using session = await Session.create(graph);
    await session.initialize();
    await session.run({}, { trainOp });
    // 10 (0.3, 0.4) has the norm 5 and comes to 2; 0.1 (3, 4) has 0.5 and stays.
    for (const [name, expected] of [
      ['a', [-1.2, -1.6]],
      ['b', [-0.3, -0.4]],
    ] as const)
      expect(Array.from(session.read(name) as Float32Array, (v) => Number(v.toFixed(6)))).toEqual(expected);
  });

  test('trains the chosen variables alone', async () => {
    const graph = new Graph();
    const trainOp = graph.build(() => {
      const x = placeholder('float32', [4, 2], { name: 'x' });
      slim.losses.meanSquaredError(
        slim.fullyConnected(slim.fullyConnected(x, 3), 1),
        placeholder('float32', [4, 1], { name: 'y' }),
      );
      return slim.learning.createTrainOp(slim.losses.getTotalLoss(), optimizers.gradientDescent(0.01), {
        variablesToTrain: [graph.variable('fully_connected/weights')],
      });
    });
    await using session = await Session.create(graph);
    await session.initialize();
    const read = () =>
      Object.fromEntries([...graph.variables.keys()].map((name) => [name, session.read(name).slice()]));
    const before = read();
    await session.run(feeds(), { trainOp });
    const changed = Object.entries(read()).flatMap(([name, values]) =>
      JSON.stringify(Array.from(values as Float32Array, Number)) ===
      JSON.stringify(Array.from(before[name] as Float32Array, Number))
        ? []
        : [name],
    );
    expect(changed).toEqual(['fully_connected/weights', 'global_step']);
  });

  test('runs the update ops with the step: moving statistics come to those of the batch', async () => {
    const values = async (updateOps: [] | null) => {
      const graph = new Graph();
      const trainOp = graph.build(() => {
        const x = placeholder('float32', [16, 4], { name: 'x' });
        const net = slim.batchNorm(x, { decay: 0.1 });
        slim.losses.meanSquaredError(net, x);
        return slim.learning.createTrainOp(slim.losses.getTotalLoss(), optimizers.gradientDescent(1), { updateOps });
      });
      await using session = await Session.create(graph);
      await session.initialize();
      const x = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i) + (i % 4));
      for (let i = 0; i < 10; i++) await session.run({ x }, { trainOp });
      return {
        x,
        mean: Array.from(session.read('BatchNorm/moving_mean') as Float32Array),
        variance: Array.from(session.read('BatchNorm/moving_variance') as Float32Array),
      };
    };
    const { x, mean, variance } = await values(null);
    for (let c = 0; c < 4; c++) {
      const column = Array.from({ length: 16 }, (_, i) => x[4 * i + c] as number);
      const expected = column.reduce((a, b) => a + b) / 16;
      expect(mean[c]).toBeCloseTo(expected, 5);
      // m / (m - 1): the unbiased variance of the fused kernel.
      expect(variance[c]).toBeCloseTo(column.reduce((sum, v) => sum + (v - expected) ** 2, 0) / 15, 4);
    }
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    expect(await values([])).toMatchObject({ mean: [0, 0, 0, 0], variance: [1, 1, 1, 1] });
    expect(warn.mock.calls[0]).toEqual([expect.stringMatching(/does not contain all the update ops .* 2 are missing/)]);
    warn.mockRestore();
  });

  test('a loss that is NaN fails the step, which changes nothing', async () => {
    const { graph, loss } = linearProblem([1, 2]);
    const trainOp = slim.learning.createTrainOp(loss, optimizers.momentum(0.1, 0.9));
    await using session = await Session.create(graph);
    await session.initialize();
    await expect(session.run({ gradient: Float32Array.of(Number.NaN, 1) }, { trainOp })).rejects.toThrow(
      expect.objectContaining({
        code: 'ERR_EXECUTION',
        message: expect.stringContaining('LossTensor is inf or nan'),
        node: 'train_op/LossTensor',
      }),
    );
    expect(Array.from(session.read('w') as Float32Array)).toEqual([1, 2]);
    expect(session.read('global_step')[0]).toBe(0n);
    await session.run({ gradient: Float32Array.of(1, 1) }, { trainOp });
    expect(session.read('global_step')[0]).toBe(1n);
  });

  test('without the check such a loss is given out', async () => {
    const { graph, loss } = linearProblem([1]);
    const trainOp = slim.learning.createTrainOp(loss, optimizers.gradientDescent(0.1), { checkNumerics: false });
    await using session = await Session.create(graph);
    await session.initialize();
    const { result } = await session.run({ gradient: Float32Array.of(Number.NaN) }, { result: trainOp });
    expect(result.data[0]).toBeNaN();
  });

  test('averages the gradients of several batches, and forgets those of a step that failed', async () => {
    const { graph, loss } = linearProblem([1, 2]);
    const trainOp = slim.learning.createTrainOp(loss, optimizers.gradientDescent(1), { gradientAccumulationSteps: 2 });
    await using session = await Session.create(graph);
    await session.initialize();
    const step = graph.variable('global_step');
    const batch = (...gradient: number[]) => ({ gradient: Float32Array.from(gradient) });
    const make = (...batches: ReturnType<typeof batch>[]) =>
      slim.learning.trainStep(session, trainOp, step, { feeds: batches });
    expect(await make(batch(1, 0), batch(0, 1))).toEqual({ loss: (1 + 2) / 2, shouldStop: false, values: {} });
    expect(Array.from(session.read('w') as Float32Array)).toEqual([0.5, 1.5]);
    expect(session.read(step)[0]).toBe(1n);
    await make(batch(1, 1), batch(1, 1));
    expect(Array.from(session.read('w') as Float32Array)).toEqual([-0.5, 0.5]);
    await expect(make(batch(8, 8), batch(Number.NaN, 0))).rejects.toThrow('LossTensor');
    await make(batch(1, 1), batch(0, 0));
    expect(Array.from(session.read('w') as Float32Array)).toEqual([-1, 0]);
    await expect(make(batch(1, 1))).rejects.toThrow(/feeds: expected those of 2 batches, received 1/);
  });

  test('batches of one step draw numbers of their own', async () => {
    const graph = new Graph({ seed: 4 });
    const { trainOp, kept } = graph.build(() => {
      const v = slim.variable('v', { shape: [64], initializer: slim.onesInitializer() });
      const dropped = slim.dropout(v.tensor, { keepProb: 0.5 });
      const made = slim.learning.createTrainOp(slim.reduceSum(dropped), optimizers.gradientDescent(1), {
        gradientAccumulationSteps: 2,
      });
      return { trainOp: made, kept: v };
    });
    await using session = await Session.create(graph);
    await session.initialize();
    await slim.learning.trainStep(session, trainOp, graph.variable('global_step'), { feeds: [{}, {}] });
    // Gradients are 0 or 2; the mean of two masks has 1 as well, where they differ.
    expect(new Set(Array.from(session.read(kept) as Float32Array))).toEqual(new Set([1, 0, -1]));
  });

  test.each([
    ['a variable that the loss does not reach', { extra: true }, /total_loss does not depend on extra\/read/],
    ['no variables', { variablesToTrain: [] }, /no variables to train/],
    ['a variable that is not trained', { variablesToTrain: ['global_step'] }, /global_step is no trainable variable/],
    [
      'a multiplier of what is not trained',
      { gradientMultipliers: { nothing: 2 } },
      /nothing is none of the variables/,
    ],
    ['no multipliers', { gradientMultipliers: {} }, /expected factors by variable, and at least one/],
    ['a misspelt option', { clipGradientsNorm: 1 }, /has no option clipGradientsNorm.*did you mean clipGradientNorm/],
    ['a negative norm', { clipGradientNorm: -1 }, /clipGradientNorm/],
  ])('%s is refused', (_, { extra = false, variablesToTrain, ...options }: Record<string, unknown>, message) => {
    const { graph, loss } = linearProblem([1]);
    graph.build(() => {
      slim.createGlobalStep();
      if (extra === true) slim.variable('extra', { shape: [] });
      slim.losses.addLoss(loss);
      const chosen = (variablesToTrain as string[] | undefined)?.map((name) => graph.variable(name));
      const make = () =>
        slim.learning.createTrainOp(slim.losses.getTotalLoss(), optimizers.gradientDescent(1), {
          ...options,
          ...(chosen === undefined ? {} : { variablesToTrain: chosen }),
        } as never);
      expect(make).toThrow(message);
    });
  });
});

describe('train', () => {
  const files = async () => (await readdir(folder)).filter((name) => name.endsWith('.index')).sort();

  test('writes a checkpoint at once and in the end, logs lines, and goes on from where it was', async () => {
    const lines: string[] = [];
    const reports: number[] = [];
    const options = { feeds, log: (line: string) => lines.push(line), numberOfSteps: 5 };
    const { trainOp } = plane();
    const loss = await slim.learning.train(trainOp, folder, { ...options, onStep: ({ step }) => reports.push(step) });
    expect(loss).toBeCloseTo(0.1157, 4);
    expect(reports).toEqual([1, 2, 3, 4, 5]);
    expect(await files()).toEqual(['model.ckpt-0.index', 'model.ckpt-5.index']);
    expect(lines).toHaveLength(6);
    expect(lines[0]).toMatch(/^global step 1: loss = 7\.5000 \(\d+\.\d{3} sec\/step\)$/);
    expect(lines[5]).toBe('Finished training! Saving model to disk.');
    const state = await checkpoint.readCheckpointState(folder);
    expect(state?.modelCheckpointPath).toBe(join(folder, 'model.ckpt-5'));
    // At least one step is made, though the global step has come to the number of steps.
    let initialized = false;
    await slim.learning.train(plane().trainOp, folder, { ...options, initFn: () => (initialized = true) });
    expect(initialized).toBe(false);
    expect(await files()).toEqual(['model.ckpt-0.index', 'model.ckpt-5.index', 'model.ckpt-6.index']);
    expect(lines[6]).toBe(`Restoring parameters from ${join(folder, 'model.ckpt-5')}`);
    expect(lines[7]).toMatch(/^global step 6: loss = 0\.11/);
  });

  test('in two runs it comes to the same bits as in one', async () => {
    const make = () => {
      const graph = new Graph({ seed: 2 });
      return graph.build(() => {
        const x = placeholder('float32', [4, 2], { name: 'x' });
        const net = slim.dropout(slim.fullyConnected(x, 16, { normalizerFn: slim.batchNorm }), { keepProb: 0.5 });
        slim.losses.meanSquaredError(slim.fullyConnected(net, 1), placeholder('float32', [4, 1], { name: 'y' }));
        return slim.learning.createTrainOp(slim.losses.getTotalLoss(), optimizers.adam(0.01));
      });
    };
    const values = async (path: string) => {
      const reader = await checkpoint.openCheckpoint(path);
      const tensors = await Promise.all(
        [...reader.tensors.keys()].map(async (name) => [name, (await reader.read(name)).data]),
      );
      await reader.close();
      return Object.fromEntries(tensors);
    };
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    await slim.learning.train(make(), one, { ...quiet, feeds, numberOfSteps: 6 });
    await slim.learning.train(make(), two, { ...quiet, feeds, numberOfSteps: 3 });
    await slim.learning.train(make(), two, { ...quiet, feeds, numberOfSteps: 6 });
    const expected = await values(join(one, 'model.ckpt-6'));
    expect(Object.keys(expected)).toContain('fully_connected/weights/Adam_1');
    expect(await values(join(two, 'model.ckpt-6'))).toEqual(expected);
  });

  test('saves while steps go on, and keeps five', async () => {
    const { trainOp } = plane();
    let [saved, made] = [0, 0];
    class Counting extends Saver {
      override async save(...call: Parameters<Saver['save']>): Promise<string> {
        const path = await super.save(...call);
        saved++;
        return path;
      }
    }
    await slim.learning.train(trainOp, folder, {
      ...quiet,
      feeds: () => (saved < 8 ? feeds() : null),
      onStep: ({ step }) => {
        made = step;
      },
      saver: new Counting(),
      saveIntervalSecs: 0,
    });
    expect(made).toBeGreaterThan(saved);
    const state = await checkpoint.readCheckpointState(folder);
    const kept = state?.allModelCheckpointPaths ?? [];
    expect(kept).toHaveLength(5);
    expect(kept.at(-1)).toBe(join(folder, `model.ckpt-${made}`));
    expect(await files()).toHaveLength(5);
  });

  test('ends with the feeds, and calls initFn on a fresh start', async () => {
    const graph = plane();
    async function* batches() {
      for (let i = 0; i < 3; i++) yield feeds();
    }
    let session: Session | undefined;
    const loss = await slim.learning.train(graph.trainOp, null, {
      ...quiet,
      feeds: batches(),
      initFn: (made) => {
        session = made;
      },
    });
    expect(loss).toBeCloseTo(0.1703, 4);
    expect(() => session?.read('global_step')).toThrow(/disposed/);
    expect(await slim.learning.train(graph.trainOp, null, { ...quiet, feeds: [] })).toBeNull();
  });

  test('an abort lets the step end and saves it', async () => {
    const { trainOp } = plane();
    const controller = new AbortController();
    const reason = new Error('enough');
    const running = slim.learning.train(trainOp, folder, {
      ...quiet,
      feeds,
      signal: controller.signal,
      onStep: ({ step }) => step === 3 && controller.abort(reason),
    });
    await expect(running).rejects.toBe(reason);
    expect(await files()).toContain('model.ckpt-3.index');
  });

  test('a checkpoint that cannot be written ends training, or is told and training goes on', async () => {
    const { trainOp } = plane();
    const blocked = new Saver({ maxToKeep: 1 });
    blocked.save = async () => {
      throw new Error('no space');
    };
    const options = { ...quiet, feeds, saver: blocked, numberOfSteps: 3, saveIntervalSecs: 0 };
    await expect(slim.learning.train(trainOp, folder, options)).rejects.toThrow('no space');
    const told: unknown[] = [];
    const loss = await slim.learning.train(trainOp, folder, { ...options, onSaveError: (error) => told.push(error) });
    expect(loss).toBeCloseTo(0.1703, 4);
    expect(told.length).toBeGreaterThanOrEqual(2);
  });

  test("a step of one's own is called instead", async () => {
    const { trainOp } = plane();
    const losses: number[] = [];
    await slim.learning.train(trainOp, null, {
      ...quiet,
      feeds,
      trainStepFn: async (session, op, globalStep, options) => {
        const result = await slim.learning.trainStep(session, op, globalStep, options);
        losses.push(result.loss);
        return { ...result, shouldStop: result.loss < 0.5 };
      },
    });
    expect(losses).toHaveLength(3);
  });

  test('summaryOp: event files hold numbers, distributions and pictures of the steps', async () => {
    const graph = new Graph();
    const images = graph.build(() => placeholder('float32', [4, 2, 2, 3], { name: 'images' }));
    const mean = graph.build(() => slim.reduceMean(images));
    const trainOp = graph.build(() => {
      const net = slim.fullyConnected(slim.flatten(images), 1, { activationFn: null });
      slim.losses.meanSquaredError(net, constant([1, 2, 3, 4], { shape: [4, 1] }));
      return slim.learning.createTrainOp(slim.losses.getTotalLoss(), optimizers.gradientDescent(0.01));
    });
    const weights = graph.variable('fully_connected/weights').tensor;
    const losses: number[] = [];
    await slim.learning.train(trainOp, folder, {
      ...quiet,
      feeds: (step) => ({ images: new Float32Array(48).fill(step) }),
      numberOfSteps: 3,
      summaryOp: { mean, weights, images },
      saveSummariesSecs: 0,
      onStep: ({ loss }) => losses.push(loss),
    });
    const name = (await readdir(folder)).find((each) => each.startsWith('events.')) as string;
    const events = readEvents(await readFile(join(folder, name)));
    const of = (tag: string) =>
      events.flatMap(({ step, values }) => values.flatMap((v) => (v.tag === tag ? [{ step, v }] : [])));
    expect(of('mean').map(({ step, v }) => [step, v.scalar])).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
    ]);
    expect(of('total_loss').map(({ v }) => v.scalar)).toEqual(losses);
    expect(of('weights').map(({ step }) => step)).toEqual([1, 2, 3]);
    expect(of('images/image/2').map(({ step }) => step)).toEqual([1, 2, 3]);
    expect(of('images/image/3')).toEqual([]);
    expect(of('global_step/sec').map(({ step }) => step)).toEqual([2, 3]);
  });

  test('summaries are written each so many seconds, the first step has one', async () => {
    const { graph, trainOp } = plane();
    const loss = graph.build(() => slim.losses.getTotalLoss());
    await slim.learning.train(trainOp, folder, { ...quiet, feeds, numberOfSteps: 3, summaryOp: { loss } });
    const name = (await readdir(folder)).find((each) => each.startsWith('events.')) as string;
    const events = readEvents(await readFile(join(folder, name)));
    expect(events.filter(({ values }) => values.some(({ tag }) => tag === 'loss')).map(({ step }) => step)).toEqual([
      1,
    ]);
    await expect(slim.learning.train(trainOp, null, { ...quiet, feeds, summaryOp: { loss } })).rejects.toThrow(
      /logdir is null/,
    );
    await expect(
      slim.learning.train(trainOp, folder, { ...quiet, feeds, summaryOp: { loss: 3 as never } }),
    ).rejects.toThrow(/summaryOp: loss: expected a tensor, received 3/);
  });

  test("a session of one's own is left open", async () => {
    const { graph, trainOp } = plane();
    await using session = await Session.create(graph);
    await slim.learning.train(trainOp, null, { ...quiet, feeds, session, numberOfSteps: 2 });
    expect(session.read('global_step')[0]).toBe(2n);
  });

  test('a damaged folder is an error that keeps it', async () => {
    await writeFile(join(folder, 'checkpoint'), 'nonsense');
    const { trainOp } = plane();
    await expect(slim.learning.train(trainOp, folder, { ...quiet, feeds })).rejects.toMatchObject({
      code: 'ERR_CHECKPOINT',
    });
    expect((await readdir(folder)).sort()).toEqual(['checkpoint', 'training.lock']);
  });

  test.each([
    ['no train op', [null, null], /expected a train op/],
    ['a tensor that is no train op', ['loss', null], /Expected a train op/],
    ['a saver without a folder', ['op', null, { saver: new Saver() }], /cannot provide a saver when logdir is null/],
    ['no steps', ['op', null, { numberOfSteps: 0 }], /numberOfSteps: expected an integer from 1/],
    ['an empty folder name', ['op', ''], /logdir: expected the path of a folder/],
    ['what gives no feeds', ['op', null, { feeds: 3 }], /feeds: expected a function of the step/],
    ['a misspelt option', ['op', null, { numberOfStep: 3 }], /did you mean numberOfSteps/],
    ['no signal', ['op', null, { signal: {} }], /expected an AbortSignal/],
  ])('%s is refused', async (_, [op, logdir, options]: readonly unknown[], message) => {
    const { graph, trainOp } = plane();
    const loss = graph.build(() => slim.losses.getTotalLoss());
    const given = op === 'op' ? trainOp : op === 'loss' ? loss : null;
    await expect(slim.learning.train(given as never, logdir as never, options as never)).rejects.toThrow(message);
  });
});
