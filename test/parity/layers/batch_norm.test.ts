/** What TF-Slim's BatchNormTest asserts, and values that TensorFlow computed. */
import type { Graph, Tensor } from '../../../lib/core/graph.js';
import { ArgumentError, ShapeError } from '../../../lib/errors.js';
import { encode } from '../../../lib/plan/encode.js';
import type { Session } from '../../../lib/runtime/session/session.js';
import * as slim from '../../../lib/slim/index.js';
import {
  type Device,
  devices,
  evaluate,
  feed,
  generatedImages,
  largestDifference,
  numbers,
  withSession,
} from '../numbers.js';
import { build, images, inGraph } from '../support.js';

const names = () => slim.getVariables().map((v) => v.name);
const updatesOf = (graph: Graph) => graph.getCollection<Tensor>(slim.GraphKeys.updateOps);

async function read(session: Session, graph: Graph, name: string): Promise<number[]> {
  return Array.from((await session.read(graph.variable(name))) as Float32Array);
}

/** Mean and biased variance of each channel. */
function moments(data: ArrayLike<number>, channels: number): { mean: number[]; variance: number[]; count: number } {
  const count = data.length / channels;
  const each = (f: (c: number) => number) => Array.from({ length: channels }, (_, c) => f(c));
  const mean = each((c) => channelOf(data, channels, c).reduce((a, b) => a + b, 0) / count);
  const variance = each(
    (c) => channelOf(data, channels, c).reduce((a, b) => a + (b - (mean[c] as number)) ** 2, 0) / count,
  );
  return { mean, variance, count };
}

function channelOf(data: ArrayLike<number>, channels: number, c: number): number[] {
  return Array.from(data).filter((_, i) => i % channels === c);
}

test('testCreateOp', () => {
  inGraph(() => {
    const x = images([5, 3, 3, 3]);
    const output = slim.batchNorm(x);
    expect(output.name.startsWith('BatchNorm/')).toBe(true);
    expect(output.shape).toEqual(x.shape);
  });
});

test('testCreateOpBetaRegularizer, testCreateOpGammaRegularizer', () => {
  const regularizer = (x: Tensor) => slim.multiply(x, slim.constant(0.5));
  for (const [name, scale] of [
    ['beta', false],
    ['gamma', true],
  ] as const) {
    const { graph } = build(() => slim.batchNorm(images(), { scale, paramRegularizers: { [name]: regularizer } }));
    expect(graph.getCollection<Tensor>('regularization_losses').map((t) => t.name)).toEqual([
      `BatchNorm/${name}/Regularizer/mul`,
    ]);
  }
});

test('testCreateVariables, testCreateVariables_NotScaled', () => {
  const { graph } = build(() => slim.batchNorm(images([5, 3, 3, 3]), { scale: true }));
  expect([...graph.variables.keys()]).toEqual([
    'BatchNorm/gamma',
    'BatchNorm/beta',
    'BatchNorm/moving_mean',
    'BatchNorm/moving_variance',
  ]);
  expect(graph.getCollection(slim.GraphKeys.modelVariables)).toHaveLength(4);
  expect(graph.getCollection(slim.GraphKeys.trainableVariables)).toHaveLength(2);
  expect(graph.getCollection('moving_average_variables')).toEqual([]);
  inGraph(() => {
    slim.batchNorm(images([5, 3, 3, 3]));
    expect(names()).toEqual(['BatchNorm/beta', 'BatchNorm/moving_mean', 'BatchNorm/moving_variance']);
  });
});

test('testCreateVariablesZeroDebias', () => {
  for (const [fused, modelVariables] of [
    [false, 6],
    [true, 4],
  ] as const) {
    const { graph } = build(() =>
      slim.batchNorm(images([5, 3, 3, 3]), { scale: true, fused, zeroDebiasMovingMean: true }),
    );
    expect([...graph.variables.keys()]).toEqual([
      'BatchNorm/beta',
      'BatchNorm/gamma',
      'BatchNorm/moving_mean',
      'BatchNorm/moving_variance',
      'BatchNorm/BatchNorm/moving_mean/biased',
      'BatchNorm/BatchNorm/moving_mean/local_step',
    ]);
    expect(graph.getCollection(slim.GraphKeys.modelVariables)).toHaveLength(modelVariables);
    expect(graph.getCollection(slim.GraphKeys.trainableVariables)).toHaveLength(2);
  }
});

test('testUpdatesCollection: the update of the mean, then that of the variance', () => {
  const { graph } = build(() => slim.batchNorm(images(), { updatesCollections: 'my_update_ops' }));
  expect(updatesOf(graph)).toEqual([]);
  const updates = graph.getCollection<Tensor>('my_update_ops');
  expect(updates.map((t) => t.node.inputs[0]?.name)).toEqual([
    'BatchNorm/moving_mean/read',
    'BatchNorm/moving_variance/read',
  ]);
});

test('testVariablesCollections', () => {
  const { graph } = build(() =>
    slim.batchNorm(images(), {
      scale: true,
      variablesCollections: {
        beta: ['beta'],
        gamma: ['gamma'],
        moving_mean: ['moving_mean'],
        moving_variance: ['moving_variance'],
      },
    }),
  );
  for (const name of ['beta', 'gamma', 'moving_mean', 'moving_variance']) {
    expect(graph.getCollection<{ name: string }>(name).map((v) => v.name)).toEqual([`BatchNorm/${name}`]);
  }
});

test('testReuseVariables, testReuseUpdateOps', () => {
  const { graph } = build(() => {
    const x = images();
    slim.batchNorm(x, { scale: true, scope: 'bn' });
    slim.batchNorm(x, { scale: true, scope: 'bn', reuse: true });
  });
  expect(graph.variables.size).toBe(4);
  expect(updatesOf(graph)).toHaveLength(4);
});

test('testCreateMovingVars: an inference layer has statistics and no updates', () => {
  const { graph } = build(() => slim.batchNorm(images(), { isTraining: false }));
  expect(updatesOf(graph)).toEqual([]);
  expect(graph.variables.has('BatchNorm/moving_mean')).toBe(true);
});

test('testNoneUpdatesCollectionsIsTraining: every plan that needs the output holds the updates', () => {
  const { graph, value } = build(() => {
    const x = images([2, 4, 4, 3]);
    return {
      forced: slim.relu(slim.batchNorm(x, { updatesCollections: null, scope: 'forced' })),
      plain: slim.batchNorm(x, { scope: 'plain' }),
    };
  });
  expect(updatesOf(graph)).toHaveLength(2);
  const plan = (fetch: Tensor) => encode({ graph, fetches: new Map([['y', fetch]]) }).text;
  expect(plan(value.forced).match(/assign_moving_average\(/g)).toHaveLength(2);
  expect(plan(value.forced).match(/^update /gm)).toHaveLength(2);
  expect(plan(value.plain)).not.toMatch(/update |assign/);
});

describe.each(devices)('on %s', (device) => {
  const shape = [10, 3, 3, 3] as const;
  const x = generatedImages(shape);
  const batch = moments(x.data, 3);

  async function tenUpdates(graph: Graph, output: Tensor, check: (session: Session) => Promise<void>): Promise<void> {
    await withSession(graph, device as Device, async (session) => {
      await session.initialize();
      expect(await read(session, graph, 'BatchNorm/moving_mean')).toEqual([0, 0, 0]);
      expect(await read(session, graph, 'BatchNorm/moving_variance')).toEqual([1, 1, 1]);
      for (let i = 0; i < 10; i++) await session.run({ images: x }, { output }, { updates: updatesOf(graph) });
      await check(session);
    });
  }

  test.each([
    ['testDelayedUpdateMovingVarsAndOutput', 'update_ops', null],
    ['testNoneUpdatesCollections', null, null],
    ['testNonFused', 'update_ops', false],
  ] as const)(
    '%s: ten updates with decay 0.1 reach the statistics of the batch',
    async (_, updatesCollections, fused) => {
      const { graph, value } = build(() => slim.batchNorm(images(shape), { decay: 0.1, updatesCollections, fused }));
      await tenUpdates(graph, value, async (session) => {
        const correction = fused === false ? 1 : batch.count / (batch.count - 1);
        expect(largestDifference(await read(session, graph, 'BatchNorm/moving_mean'), batch.mean)).toBeLessThan(1e-5);
        expect(
          largestDifference(
            await read(session, graph, 'BatchNorm/moving_variance'),
            batch.variance.map((v) => v * correction),
          ),
        ).toBeLessThan(1e-5);
      });
    },
  );

  test('testIsTrainingFalse: other images leave the statistics alone', async () => {
    const { graph, value } = build(() => slim.batchNorm(images(shape), { decay: 0.1, isTraining: false }));
    await tenUpdates(graph, value, async (session) => {
      expect(await read(session, graph, 'BatchNorm/moving_mean')).toEqual([0, 0, 0]);
      expect(await read(session, graph, 'BatchNorm/moving_variance')).toEqual([1, 1, 1]);
    });
  });

  test('testTrainInferenceConvergence: training and inference meet after ten updates', async () => {
    const { graph, value } = build(() => {
      const input = images(shape);
      const train = slim.batchNorm(input, { decay: 0.1, fused: false, scope: 'BatchNorm' });
      return {
        train,
        infer: slim.batchNorm(input, { decay: 0.1, fused: false, isTraining: false, scope: 'BatchNorm', reuse: true }),
      };
    });
    await withSession(graph, device, async (session) => {
      await session.initialize();
      const both = async () => numbers(await session.run({ images: x }, value));
      const before = await both();
      expect(largestDifference(before.train?.data ?? [], before.infer?.data ?? [])).toBeGreaterThan(0.1);
      for (let i = 0; i < 10; i++) await session.run({ images: x }, { y: value.train }, { updates: updatesOf(graph) });
      const after = await both();
      expect(largestDifference(after.train?.data ?? [], after.infer?.data ?? [])).toBeLessThan(1e-4);
    });
  });

  test('testCustomInitializer', async () => {
    const constant = slim.constantInitializer;
    const { graph, value } = build(() =>
      slim.batchNorm(images(shape), {
        isTraining: false,
        scale: true,
        epsilon: 0,
        paramInitializers: {
          beta: constant(5),
          gamma: constant(2),
          moving_mean: constant(5),
          moving_variance: constant(4),
        },
      }),
    );
    const { y } = await evaluate(graph, device, { y: value }, { feeds: { images: feed(shape, () => 9) } });
    expect(y?.data).toEqual(Array.from({ length: 270 }, () => 9));
  });

  test('testNumericStability: values around 256', async () => {
    const { graph, value } = build(() => slim.batchNorm(images([16, 8, 8, 2])));
    const around0 = generatedImages([16, 8, 8, 2]).data;
    const { y } = await evaluate(
      graph,
      device,
      { y: value },
      { feeds: { images: feed([16, 8, 8, 2], (i) => 256 + (around0[i] as number)) } },
    );
    const { mean, variance } = moments(y?.data ?? [], 2);
    expect(largestDifference(mean, [0, 0])).toBeLessThan(1e-2);
    expect(largestDifference(variance, [1, 1])).toBeLessThan(1e-2);
  });

  test('one element a channel: the variance is 0 and the moving variance goes towards it', async () => {
    const { graph, value } = build(() => slim.batchNorm(images([1, 1, 1, 3]), { decay: 0.5 }));
    await withSession(graph, device, async (session) => {
      await session.initialize();
      const { y } = numbers(
        await session.run({ images: feed([1, 1, 1, 3], (i) => i) }, { y: value }, { updates: updatesOf(graph) }),
      );
      expect(y?.data).toEqual([0, 0, 0]);
      expect(await read(session, graph, 'BatchNorm/moving_variance')).toEqual([0.5, 0.5, 0.5]);
    });
  });

  test.each([
    [null, [0.93193203, 0.949611]],
    [false, [0.930158, 0.9468548]],
  ] as const)('values of TensorFlow, fused %p', async (fused, variance) => {
    const { graph, value } = build(() => slim.batchNorm(images([2, 3, 3, 2]), { decay: 0.9, fused }));
    await withSession(graph, device, async (session) => {
      await session.initialize();
      const { y } = numbers(
        await session.run({ images: generatedImages([2, 3, 3, 2]) }, { y: value }, { updates: updatesOf(graph) }),
      );
      expect(largestDifference(y?.data.slice(0, 3) ?? [], [1.6574664, -0.5626385, 1.1855251])).toBeLessThan(1e-5);
      expect(
        largestDifference(await read(session, graph, 'BatchNorm/moving_mean'), [-0.00641463, -0.01482617]),
      ).toBeLessThan(1e-7);
      expect(largestDifference(await read(session, graph, 'BatchNorm/moving_variance'), variance)).toBeLessThan(1e-6);
    });
  });

  test('testZeroDebias: a constant batch gives its mean at every step', async () => {
    const { graph, value } = build(() => slim.batchNorm(images(shape), { decay: 0.9, zeroDebiasMovingMean: true }));
    await withSession(graph, device, async (session) => {
      await session.initialize();
      for (let i = 0; i < 3; i++) {
        await session.run({ images: x }, { y: value }, { updates: updatesOf(graph) });
        expect(largestDifference(await read(session, graph, 'BatchNorm/moving_mean'), batch.mean)).toBeLessThan(1e-5);
      }
      expect(await read(session, graph, 'BatchNorm/BatchNorm/moving_mean/local_step')).toEqual([3]);
    });
  });

  test('rank 2 counts the rows, and a layer without gamma or beta still normalizes', async () => {
    const { graph, value } = build(() => slim.batchNorm(images([10, 3]), { decay: 0, center: false }));
    const matrix = generatedImages([10, 3]);
    const { variance } = moments(matrix.data, 3);
    await withSession(graph, device, async (session) => {
      await session.initialize();
      const { y } = numbers(await session.run({ images: matrix }, { y: value }, { updates: updatesOf(graph) }));
      expect(largestDifference(moments(y?.data ?? [], 3).mean, [0, 0, 0])).toBeLessThan(1e-6);
      expect(
        largestDifference(
          await read(session, graph, 'BatchNorm/moving_variance'),
          variance.map((v) => (v * 10) / 9),
        ),
      ).toBeLessThan(1e-6);
    });
  });
});

test('the order of the variables follows the path through Slim', () => {
  const order = (options: Parameters<typeof slim.batchNorm>[1], shape = [2, 4, 4, 3]) =>
    inGraph(() => {
      slim.batchNorm(images(shape), { scale: true, ...options });
      return names()
        .map((name) => name.slice('BatchNorm/'.length))
        .slice(0, 2);
    });
  expect(order({})).toEqual(['gamma', 'beta']);
  expect(order({ fused: false })).toEqual(['gamma', 'beta']);
  expect(order({}, [4, 3])).toEqual(['beta', 'gamma']);
  expect(order({ fused: false }, [4, 3])).toEqual(['gamma', 'beta']);
  expect(order({ updatesCollections: 'mine' })).toEqual(['beta', 'gamma']);
  expect(order({ updatesCollections: null })).toEqual(['beta', 'gamma']);
});

test('testUnknownShape, testInvalidDataFormat and other wrong arguments', () => {
  const attempt =
    (options: object, shape: readonly (number | null)[] = [2, 4, 4, 3]) =>
    () =>
      inGraph(() => slim.batchNorm(images(shape), options));
  expect(attempt({}, [2, 4, 4, null])).toThrow(ShapeError);
  expect(attempt({}, [2, 4, 4, null])).toThrow(/channels dimension of \[2,4,4,\?\] is undefined/);
  expect(attempt({ dataFormat: 'NCHW' }, [2, null, 4, 4])).toThrow(/channels dimension/);
  expect(attempt({ dataFormat: 'NCHW' }, [2, 3, null, null])).not.toThrow();
  expect(attempt({}, [3])).toThrow(ShapeError);
  expect(attempt({ dataFormat: 'CHWN' })).toThrow(/dataFormat/);
  expect(attempt({ isTraining: null })).toThrow(/cannot be null/);
  expect(attempt({ decay: 2 })).toThrow(/decay/);
  expect(attempt({ epsilon: -1 })).toThrow(/epsilon/);
  expect(attempt({ paramInitializers: { gama: slim.onesInitializer() } })).toThrow(/did you mean gamma/);
  expect(attempt({ paramRegularizers: { beta: 3 } })).toThrow(ArgumentError);
  expect(attempt({ renorm: true })).toThrow(/renorm: batch renormalization is not supported/);
  expect(attempt({ renorm: true, zeroDebiasMovingMean: true })).toThrow(
    /not supported with batchWeights, updatesCollections or zeroDebiasMovingMean/,
  );
  expect(attempt({ adjustment: () => 0 })).toThrow(/adjustment is not supported/);
  expect(attempt({ batchWeights: [1, 2] })).toThrow(/batchWeights: expected a tensor/);
});

test('modes and weights that a run would trip over are refused', () => {
  inGraph(() => {
    const flag = slim.placeholder('bool', [], { name: 'flag' });
    const attempt = (options: slim.Options<slim.BatchNormOptions>) => () => slim.batchNorm(images(), options);
    expect(attempt({ isTraining: slim.constant(1) })).toThrow(/isTraining: expected bool\[\], received float32\[\]/);
    expect(attempt({ isTraining: flag, zeroDebiasMovingMean: true })).toThrow(/zeroDebiasMovingMean is not supported/);
    expect(attempt({ batchWeights: slim.constant([1, 2, 3]) })).toThrow(ShapeError);
    expect(attempt({ batchWeights: slim.constant([1, 2], { shape: [2, 1] }) })).toThrow(/one weight for each/);
    expect(attempt({ batchWeights: slim.constant([1, 2]) })).not.toThrow();
  });
});
