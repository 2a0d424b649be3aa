import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apply, Graph, type Tensor } from '../../../../lib/core/graph.js';
import { ArgumentError, CheckpointError, ExecutionError, ShapeError } from '../../../../lib/errors.js';
import * as ops from '../../../../lib/ops/index.js';
import { Session } from '../../../../lib/runtime/session/session.js';
import { getVariable } from '../../../../lib/slim/get_variable.js';
import {
  randomUniformInitializer,
  truncatedNormalInitializer,
  varianceScalingInitializer,
  xavierInitializer,
} from '../../../../lib/slim/initializers.js';
import { placeholder, scaleGraph, variable } from '../../../helpers/graphs.js';
import { testDevice } from '../../../helpers/test_device.js';

const device = testDevice;
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-session-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** sum = x + a + b, with two variables of [3]. */
function sumGraph(initial: number): { graph: Graph; sum: Tensor } {
  const graph = new Graph();
  const x = placeholder(graph, 'x', [3]);
  const a = variable(graph, 'scope/a', [3], initial);
  const b = variable(graph, 'scope/b', [3], initial * 10);
  const inner = apply(ops.add, { x, y: a.tensor }, {}, 'inner').z;
  return { graph, sum: apply(ops.add, { x: inner, y: b.tensor }, {}, 'sum').z };
}

const total = async (session: Session, sum: Tensor): Promise<number[]> => {
  return [...(await session.run({ x: new Float32Array(3) }, { sum })).sum.data].map(Number);
};

describe('variables', () => {
  it('get their initial values, all or those without one', async () => {
    const { graph, sum } = sumGraph(1);
    await using session = await Session.create(graph, { device });
    session.write('scope/a', Float32Array.of(5, 6, 7));
    await session.initialize({ onlyUninitialized: true });
    expect(await total(session, sum)).toEqual([15, 16, 17]);
    await session.initialize();
    expect(await total(session, sum)).toEqual([11, 11, 11]);
  });

  it.each(['cpu', testDevice])(
    'are drawn in native code on %s to the very bits that their initializers draw themselves',
    async (on) => {
      const graph = new Graph({ seed: 7 });
      const made = graph.build(() => [
        ...[[], [1], [5, 3], [9, 1000]].flatMap((shape, i) => [
          getVariable(`normal_${i}`, { shape, initializer: truncatedNormalInitializer({ mean: 0.3, stddev: 2 }) }),
          getVariable(`uniform_${i}`, { shape, initializer: randomUniformInitializer({ minval: -3, maxval: 0.1 }) }),
          getVariable(`scaled_${i}`, { shape, initializer: varianceScalingInitializer({ seed: 5 }) }),
          getVariable(`glorot_${i}`, { shape, dtype: 'float64', initializer: xavierInitializer() }),
        ]),
        getVariable('own', { shape: [2], initializer: { draw: () => Float32Array.of(4, 5) } }),
      ]);
      await using session = await Session.create(graph, { device: on });
      await session.initialize();
      for (const v of made) expect(session.read(v)).toEqual(v.initialValue(v.shape, v.dtype));
    },
  );

  it('that the graph gets later belong to the session, too', async () => {
    const { graph, y } = scaleGraph();
    await using session = await Session.create(graph, { device });
    await session.initialize();
    const late = variable(graph, 'late', [4], 3);
    const z = apply(ops.mul, { x: y, y: late.tensor }, {}, 'z').z;
    await expect(session.run({ x: new Float32Array(4) }, { z })).rejects.toThrow(/no value yet for variable late/);
    await session.initialize({ onlyUninitialized: true });
    expect((await session.run({ x: new Float32Array(4).fill(1) }, { z })).z.data).toEqual(new Float32Array(4).fill(6));
  });

  it('are read as copies', async () => {
    const { graph, w } = scaleGraph();
    await using session = await Session.create(graph, { device });
    await session.initialize();
    (session.read(w) as Float32Array).fill(9);
    expect(session.read('w')).toEqual(new Float32Array(4).fill(2));
  });

  it('without a value cannot be read or saved', async () => {
    const { graph, w } = scaleGraph();
    await using session = await Session.create(graph, { device });
    expect(() => session.read(w)).toThrow(ExecutionError);
    await expect(session.save(join(folder, 'nothing'))).rejects.toThrow(/save: no value yet for variable w/);
  });

  it.each<[string, unknown, unknown, new (m: string) => Error, RegExp]>([
    [
      'another dtype',
      'w',
      new Float64Array(4),
      ArgumentError,
      /expected Float32Array for float32\[4\], received Float64Array/,
    ],
    ['another length', 'w', new Float32Array(5), ShapeError, /has 4 elements, received 5/],
    ['an unknown name', 'v', new Float32Array(4), ArgumentError, /variable v is no variable/],
    [
      'a variable of another graph',
      scaleGraph().w,
      new Float32Array(4),
      ArgumentError,
      /is no variable of this session's graph/,
    ],
    ['no name', undefined, new Float32Array(4), ArgumentError, /is no variable/],
  ])('refuse %s', async (_, name, values, ErrorClass, message) => {
    const { graph } = scaleGraph();
    await using session = await Session.create(graph, { device });
    const attempt = (): void => session.write(name as string, values as Float32Array);
    expect(attempt).toThrow(ErrorClass);
    expect(attempt).toThrow(message);
  });
});

describe('checkpoints of a session', () => {
  it.each(['values.ckpt', 'values.safetensors'])('come back as they were saved: %s', async (file) => {
    const path = join(folder, file);
    const { graph, sum } = sumGraph(2);
    await using saving = await Session.create(graph, { device });
    await saving.initialize();
    const written = await saving.save(path);
    expect(written).toMatchObject({
      tensors: 2,
      format: file.endsWith('safetensors') ? 'safetensors' : 'tensorflow_v2',
    });
    await using restoring = await Session.create(graph, { device });
    const plan = await restoring.restore(path);
    expect(plan.assignments.map(({ tensor }) => tensor)).toEqual(['scope/a', 'scope/b']);
    expect(await total(restoring, sum)).toEqual([22, 22, 22]);
  });

  it('that lack a variable are refused, and nothing is changed', async () => {
    const path = join(folder, 'partial');
    const { graph } = scaleGraph();
    await using other = await Session.create(graph, { device });
    await other.initialize();
    await other.save(path);
    const { graph: wanted, sum } = sumGraph(1);
    await using session = await Session.create(wanted, { device });
    await session.initialize();
    await expect(session.restore(path)).rejects.toThrow(CheckpointError);
    await expect(session.restore(path)).rejects.toThrow(/scope\/a/);
    expect(await total(session, sum)).toEqual([11, 11, 11]);
    const plan = await session.restore(path, { ignoreMissing: true });
    expect(plan.missing).toHaveLength(2);
    expect(await total(session, sum)).toEqual([11, 11, 11]);
  });

  it('that turn out damaged halfway leave no mixture of old and new behind', async () => {
    const path = join(folder, 'damaged');
    const { graph, sum } = sumGraph(2);
    // One after the other: of two threads, that with the last tensor could be the first to look.
    await using session = await Session.create(graph, { device, threads: 1 });
    await session.initialize();
    await session.save(path);
    const data = `${path}.data-00000-of-00001`;
    const bytes = readFileSync(data);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1; // in the last tensor
    writeFileSync(data, bytes);
    session.write('scope/a', new Float32Array(3).fill(100));
    await expect(session.restore(path)).rejects.toThrow(CheckpointError);
    await expect(session.run({ x: new Float32Array(3) }, { sum })).rejects.toThrow(
      /no value yet for variables scope\/a, scope\/b/,
    );
    await session.initialize();
    expect(await total(session, sum)).toEqual([22, 22, 22]);
  });

  it('can be restored in part and under other names', async () => {
    const path = join(folder, 'renamed');
    const { graph } = sumGraph(3);
    await using session = await Session.create(graph, { device });
    await session.initialize();
    await session.save(path);
    await using other = await Session.create(graph, { device });
    await other.restore(path, { excludeScopes: ['scope/b'], nameMap: { 'scope/a': 'scope/b' } });
    expect(other.read('scope/a')).toEqual(new Float32Array(3).fill(30));
    expect(() => other.read('scope/b')).toThrow(ExecutionError);
  });

  it('make runs wait that are called meanwhile', async () => {
    const path = join(folder, 'waiting');
    const { graph, sum } = sumGraph(4);
    await using session = await Session.create(graph, { device });
    await session.initialize();
    await session.save(path);
    session.write('scope/a', new Float32Array(3));
    const feed = Float32Array.of(1, 1, 1);
    const restoring = session.restore(path);
    const running = session.run({ x: feed }, { sum });
    feed.fill(50);
    expect([...(await running).sum.data]).toEqual([45, 45, 45]);
    await restoring;
  });

  it('wait for runs that were called before, so that none hangs', async () => {
    const path = join(folder, 'after');
    const { graph, sum } = sumGraph(4);
    await using session = await Session.create(graph, { device });
    const feed = Float32Array.of(0, 0, 0);
    const calls = [
      session.initialize(),
      session.run({ x: feed }, { sum }),
      session.save(path),
      session.run({ x: feed }, { sum }),
      session.save(path),
    ];
    await Promise.all(calls);
    expect(session.stats()).toMatchObject({ runs: 2, pending: 0 });
  });

  it.each(['buffered', 'inPlace'] as const)(
    'a save writes the values of its call, while runs change them %s',
    async (variableUpdates) => {
      const graph = new Graph();
      const x = placeholder(graph, 'x', [512, 512]);
      const large = variable(graph, 'large', [512, 512], 1);
      const small = variable(graph, 'small', [], 1);
      const one = variable(graph, 'one', [], 1);
      const updates = [
        apply(ops.assignAdd, { variable: large.tensor, value: x }, {}, 'add').y,
        apply(ops.assignAdd, { variable: small.tensor, value: one.tensor }, {}, 'add').y,
      ];
      await using session = await Session.create(graph, { device, variableUpdates });
      await session.initialize();
      const feeds = { x: new Float32Array(512 * 512).fill(1) };
      const paths = [0, 1].map((i) => join(folder, `meanwhile_${variableUpdates}_${i}.ckpt`));
      const saves: Promise<unknown>[] = [];
      for (const path of paths) {
        saves.push(session.save(path));
        for (let i = 0; i < 3; i++) await session.run(feeds, {}, { updates });
      }
      await Promise.all(saves);
      expect(session.read(large)).toEqual(new Float32Array(512 * 512).fill(7));
      for (const [i, path] of paths.entries()) {
        await using other = await Session.create(graph, { device });
        await other.restore(path);
        expect(other.read(large)).toEqual(new Float32Array(512 * 512).fill(1 + 3 * i));
        expect(other.read(small)).toEqual(Float32Array.of(1 + 3 * i));
      }
    },
  );

  it('can be aborted', async () => {
    const { graph } = sumGraph(4);
    await using session = await Session.create(graph, { device });
    await session.initialize();
    const signal = AbortSignal.abort(new RangeError('no'));
    await expect(session.restore(join(folder, 'x'), { signal })).rejects.toThrow(RangeError);
    await expect(session.save(join(folder, 'x'), { signal })).rejects.toThrow(RangeError);
  });

  it('refuse options that there are not', async () => {
    const { graph } = sumGraph(4);
    await using session = await Session.create(graph, { device });
    await expect(session.restore('x', { ignoremissing: true } as object)).rejects.toThrow(/did you mean ignoreMissing/);
    await expect(session.save('x', { fomat: 'safetensors' } as object)).rejects.toThrow(/no option fomat/);
    await expect(session.initialize({ all: true } as object)).rejects.toThrow(/no option all/);
  });
});
