/** What sessions ask of a GPU changes which engines compute, or is refused: on the cuDNN backend with a device in software. */
import '../helpers/discrete_device.js';
import { join } from 'node:path';
import { apply, Graph, type Tensor } from '../../lib/core/graph.js';
import { ArgumentError, BackendError } from '../../lib/errors.js';
import * as ops from '../../lib/ops/index.js';
import { type GpuOptions, Session, type SessionOptions } from '../../lib/runtime/index.js';
import { deviceNamed } from '../../lib/runtime/precision/device.js';
import type { TrainerOptions } from '../../lib/trainer/index.js';
import { placeholder, scaleGraph, variable } from '../helpers/graphs.js';
import { smallTrainer } from '../helpers/small_training.js';
import { temporaryFolder } from '../helpers/temporary_folder.js';

const software = deviceNamed('cudnn-software');
if (!software.available) console.log(`Options of GPUs are not tried on cudnn-software: ${software.reason}.`);
const device = 'cudnn-software';
const folder = temporaryFolder('gpu-options');

/** A convolution, and the gradient of its filter. */
function convolution(batch: number, size: number, channels: number): { graph: Graph; y: Tensor; dw: Tensor } {
  const graph = new Graph();
  const x = placeholder(graph, 'x', [batch, size, size, channels]);
  const w = variable(graph, 'w', [3, 3, channels, channels], 0.125);
  const attrs = { strides: [1, 1], dilations: [1, 1], padding: 'EXPLICIT', pads: [1, 1, 1, 1] } as const;
  const { y } = apply(ops.conv2d, { x, filter: w.tensor }, attrs, 'y');
  const { dfilter: dw } = apply(ops.conv2dBackwardFilter, { x, filter: w.tensor, dy: y }, attrs, 'dw');
  return { graph, y, dw };
}

/** What computes them under these options, with its working memory; of a large one nothing is run. */
async function engines(gpu: GpuOptions | undefined, of: 'y' | 'dw' = 'y', large = false): Promise<string> {
  const { graph, y, dw } = large ? convolution(32, 28, 8) : convolution(2, 8, 16);
  await using session = await Session.create(graph, gpu === undefined ? { device } : { device, gpu });
  await session.initialize();
  const { steps } = await session.report(of === 'y' ? { y } : { dw });
  return steps.map(({ implementation, scratchBytes }) => `${implementation} ${scratchBytes}`).join(', ');
}

describe('options of a GPU', () => {
  const create = (options: object) =>
    Session.create(new Graph(), { device: 'reference', ...options } as SessionOptions);

  it.each<[string, unknown]>([
    ['allowTf32', 1],
    ['deterministic', 'yes'],
    ['autotune', 5],
    ['autotune: seconds', { autotune: { seconds: -1 } }],
    ['workspaceLimit', 0],
    ['memoryLimit', 1.5],
    ['graphs', 'off'],
  ])('are checked: %s', async (name, value) => {
    const gpu = typeof value === 'object' ? value : { [name]: value };
    await expect(create({ gpu })).rejects.toThrow(ArgumentError);
    await expect(create({ gpu })).rejects.toThrow(`Session.create: gpu: ${name}`);
  });

  it('name what was probably meant', async () => {
    await expect(create({ gpu: { allowTF32: true } })).rejects.toThrow('did you mean allowTf32?');
  });

  it.each(['reference', 'null', 'discrete'])('are refused on %s, and not passed over', async (name) => {
    const made = Session.create(new Graph(), { device: name, gpu: { allowTf32: true } });
    await expect(made).rejects.toThrow(BackendError);
    await expect(made).rejects.toThrow(`gpu: device ${name} is no GPU, and has no such options.`);
  });
});

(software.available ? describe : describe.skip)('on cudnn-software', () => {
  it('allowTf32 decides whether engines that cut float32 are taken', async () => {
    const [strict, loose] = [await engines({ allowTf32: false }), await engines({ allowTf32: true })];
    expect(strict).not.toBe(loose);
    expect(strict).toContain('cudnn 8:');
    expect(await engines({ allowTf32: false }, 'dw')).not.toBe(await engines({ allowTf32: true }, 'dw'));
  });

  it('deterministic changes nothing where all engines are, as those of the package for tests', async () => {
    const usual = await engines(undefined, 'dw');
    for (const deterministic of [true, false]) expect(await engines({ deterministic }, 'dw')).toBe(usual);
  });

  it('autotune takes the engine that was the fastest, and gives the same results', async () => {
    expect(await engines({ autotune: true })).not.toBe(await engines({}));
    expect(await engines({ autotune: { seconds: 0 } })).toMatch(/^cudnn /);
  });

  it('workspaceLimit leaves engines out that need more', async () => {
    const bytes = async (gpu?: GpuOptions) => Number(/(\d+)$/.exec(await engines(gpu, 'dw', true))?.[1]);
    expect(await bytes({ workspaceLimit: 1 })).toBeLessThan((await bytes()) / 2);
  });

  it('memoryLimit is an error that names the batch which fits, and then the batch fits', async () => {
    const { graph, y } = scaleGraph();
    await using session = await Session.create(graph, { device, gpu: { memoryLimit: 2 ** 16 } });
    await session.initialize();
    const run = (batch: number) => session.run({ x: new Float32Array(batch * 4) }, { y });
    const failure = await run(4096).catch((error: Error) => error);
    expect(failure).toMatchObject({ code: 'ERR_MEMORY' });
    const [, fits] = /a batch of (\d+) instead of 4096 would fit/.exec((failure as Error).message) ?? [];
    expect(Number(fits)).toBeGreaterThan(1024);
    const { y: value } = await run(Number(fits));
    expect(value.shape[0]).toBe(Number(fits));
    expect(session.stats().bytes.free).toBeLessThan(2 ** 16);
  });

  it('graphs records the steps of later runs, or does not, with the same results', async () => {
    const results = [];
    for (const graphs of [true, false]) {
      const { graph, y } = scaleGraph();
      await using session = await Session.create(graph, { device, gpu: { graphs } });
      await session.initialize();
      for (let i = 0; i < 3; i++) {
        const { y: value } = await session.run({ x: Float32Array.of(1, 2, 3, i) }, { y });
        results.push([i, ...value.data]);
      }
      const report = await session.report({ y }, { shapes: { x: [1, 4] } });
      expect(report).toMatchObject({ recordings: graphs ? 1 : 0, recordedSteps: graphs ? 1 : 0, unrecorded: '' });
      expect((await session.plan({ y }, { shapes: { x: [1, 4] } })).includes('# recorded: 1 of 1 steps')).toBe(graphs);
    }
    expect(results.slice(0, 3)).toEqual(results.slice(3));
  });

  it('sessions share a device in order, and a second device is another one', async () => {
    const { graph, y } = scaleGraph();
    const names = [device, device, `${device}:1`];
    const sessions = await Promise.all(names.map((name) => Session.create(graph, { device: name })));
    for (const session of sessions) {
      await session.initialize();
      await session.warmup({ y }, { shapes: { x: [1, 4] } });
    }
    const ends: number[] = [];
    const runs = [0, 1, 0, 1, 2].map(async (which, call) => {
      const { y: value } = await (sessions[which] as Session).run({ x: Float32Array.of(call, 1, 2, 3) }, { y });
      if (which < 2) ends.push(call);
      expect([...value.data]).toEqual([2 * call, 2, 4, 6]);
    });
    await Promise.all(runs);
    expect(ends).toEqual([0, 1, 2, 3]);
    for (const session of sessions) session.dispose();
    await expect(Session.create(graph, { device: `${device}:2` })).rejects.toThrow('There is no device');
  });

  describe('two sessions with the same options', () => {
    const gpu = { memoryLimit: 2 ** 20 };

    /** y = x * w, unless x is not finite, and a step that moves w half of the way to x. */
    function checkedGraph() {
      const graph = new Graph();
      const x = placeholder(graph, 'x', [null, 4]);
      const w = variable(graph, 'w', [4], 2);
      const finite = apply(ops.checkNumerics, { x }, { message: 'x' }, 'finite').y;
      const { z: y } = apply(ops.mul, { x: finite, y: w.tensor }, {}, 'y');
      const mean = apply(ops.reduceMean, { x: finite }, { axes: [0], keep_dims: false }, 'mean').y;
      const { y: moved } = apply(ops.assignMovingAverage, { variable: w.tensor, value: mean }, { decay: 0.5 }, 'moved');
      return { graph, y, moved };
    }
    const { graph, y, moved } = checkedGraph();
    const row = (value: number, rows = 1) => new Float32Array(4 * rows).fill(value);

    async function made(): Promise<Session> {
      const session = await Session.create(graph, { device, gpu });
      await session.initialize();
      return session;
    }

    it('compute in turns what each of them computes alone', async () => {
      await using one = await made();
      await using other = await made();
      const w = [2, 2];
      const runs = Array.from({ length: 12 }, (_, call) => {
        const which = call % 3 === 0 ? 0 : 1;
        const [before, x] = [w[which] as number, call + which];
        w[which] = before + (x - before) / 2;
        const expected = [[x * before, x * before, x * before, x * before], new Array<number>(4).fill(w[which])];
        const run = (which === 0 ? one : other).run({ x: row(x) }, { y, moved });
        return run.then((found) => expect([[...found.y.data], [...found.moved.data]]).toEqual(expected));
      });
      await Promise.all(runs);
    });

    it('share its memory: what one holds the other cannot have, until it is gone', async () => {
      await using one = await made();
      await using other = await made();
      await one.run({ x: row(1, 64) }, { y });
      await other.run({ x: row(1) }, { y });
      // Working memory, and room for inputs within it, is there once.
      expect(other.stats().bytes.arena).toBe(one.stats().bytes.arena);
      expect(other.stats().bytes.free).toBe(one.stats().bytes.free);

      const large = new Graph();
      const held = variable(large, 'held', [(one.stats().bytes.free as number) / 4 - 1024], 1);
      const third = await Session.create(large, { device, gpu });
      await third.initialize();
      expect(one.stats().bytes.free).toBeLessThan(2 ** 13);
      await expect(one.run({ x: row(1, 4096) }, { y })).rejects.toMatchObject({ code: 'ERR_MEMORY' });
      for (const session of [one, other]) {
        const { y: value } = await session.run({ x: row(3) }, { y });
        expect([...value.data]).toEqual([6, 6, 6, 6]);
      }
      expect((third.read(held) as Float32Array)[0]).toBe(1);
      third.dispose();
      const { y: value } = await one.run({ x: row(1, 4096) }, { y });
      expect(value.shape).toEqual([4096, 4]);
    });

    it('and a run of one that fails leaves those of the other as they are', async () => {
      await using one = await made();
      await using other = await made();
      for (let round = 0; round < 4; round++) {
        // queued step by step, recorded, and as a whole
        const [good, bad, after] = await Promise.allSettled([
          one.run({ x: row(round) }, { moved }),
          other.run({ x: row(Number.NaN) }, { moved }),
          one.run({ x: row(round) }, { y }),
        ]);
        expect([good.status, bad.status, after.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
        expect((bad as PromiseRejectedResult).reason).toMatchObject({ code: 'ERR_EXECUTION' });
      }
      expect([...(other.read('w') as Float32Array)]).toEqual([2, 2, 2, 2]);
      // Half of the way from 2 to 0, 1, 2 and 3.
      expect([...(one.read('w') as Float32Array)]).toEqual([2.25, 2.25, 2.25, 2.25]);
    });
  });

  it('a training that does not fit names the batch that does, before it begins', async () => {
    const made = smallTrainer({ device, batchSize: 24, imageSize: 64, gpu: { memoryLimit: 2 ** 22 } });
    const failure = await made.then((trainer) => trainer.run()).catch((error: Error) => error);
    expect(failure).toMatchObject({ code: 'ERR_MEMORY' });
    const [, fits] = /the largest that fits is batchSize: (\d+)/.exec((failure as Error).message) ?? [];
    expect(Number(fits)).toBeGreaterThan(1);
  });

  it('a training goes on with the engines it began with, unless it need not end with the same bits', async () => {
    const run = async (options: Partial<TrainerOptions>) => {
      await using trainer = await smallTrainer({ device, trainDir: join(folder, 'run'), ...options });
      await trainer.run();
    };
    await run({ steps: 1, gpu: { memoryLimit: 2 ** 30 } });
    const other = { steps: 2, gpu: { deterministic: false } };
    await expect(run(other)).rejects.toThrow('another choice of engines (gpu)');
    await run({ ...other, exactResume: false });
  });
});
