import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apply, Graph, type Tensor } from '../../../../lib/core/graph.js';
import { ArgumentError } from '../../../../lib/errors.js';
import * as ops from '../../../../lib/ops/index.js';
import { sharedWeightsFolder, sharedWeightsSettings } from '../../../../lib/runtime/programs/shared_weights.js';
import { Session, type SessionOptions } from '../../../../lib/runtime/session/session.js';
import * as slim from '../../../../lib/slim/index.js';
import { placeholder } from '../../../../lib/slim/placeholder.js';
import { placeholder as feedOf, variable } from '../../../helpers/graphs.js';

let folder = '';
let shared = '';
const turnedOff = process.env.SLIMNET_SHARED_WEIGHTS;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-shared-'));
  shared = join(folder, 'shared');
  process.env.SLIMNET_SHARED_WEIGHTS = '';
});
afterEach(() => {
  process.env.SLIMNET_SHARED_WEIGHTS = turnedOff;
  rmSync(folder, { recursive: true });
});

/** Two convolutions with batch norms; the filters of 147 KB and 64 KiB, with 64 channels, are worth sharing. */
function network(channels = 64): { readonly graph: Graph; readonly y: Tensor } {
  const graph = new Graph({ seed: 1 });
  const y = graph.build(() => {
    const x = placeholder('float32', [null, 4, 4, 64], { name: 'x' });
    const normalizer = { normalizerFn: slim.batchNorm, normalizerParams: { isTraining: false } };
    return slim.argScope([slim.conv2d], normalizer, () =>
      slim.conv2d(slim.conv2d(x, channels, [3, 3], { scope: 'first' }), 256, [1, 1], { scope: 'second' }),
    );
  });
  return { graph, y };
}

const x = new Float32Array(4 * 4 * 64).map((_, i) => Math.cos(i));

async function start(path: string, options: SessionOptions = {}, channels?: number) {
  const { graph, y } = network(channels);
  const session = await Session.create(graph, { threads: 2, ...options });
  await session.restore(path);
  const run = async () => [...((await session.run({ x }, { y })).y.data as Float32Array)];
  return { session, run, values: await run() };
}

/** Those of weights. */
const files = () => readdirSync(shared).filter((name) => name !== 'in_use');

async function checkpoint(name: string, channels?: number): Promise<string> {
  const { graph } = network(channels);
  await using session = await Session.create(graph);
  await session.initialize();
  const path = join(folder, name);
  await session.save(path);
  return path;
}

describe.each(['float32', 'bfloat16'] as const)('shared weights in %s', (precision) => {
  it.each(['a.safetensors', 'a.ckpt'])(
    'of %s give the same results, and their files go with the last',
    async (name) => {
      const path = await checkpoint(name);
      const own = await start(path, { precision });
      const sharedWeights = { folder: shared };
      const first = await start(path, { precision, sharedWeights });
      const made = files().sort();
      const second = await start(path, { precision, sharedWeights });
      expect(first.values).toEqual(own.values);
      expect(second.values).toEqual(own.values);
      expect(files().sort()).toEqual(made);
      const { variables, packed } = first.session.stats().bytes;
      const stats = first.session.stats().sharedWeights;
      // Both sessions are this process's; what is smaller than 64 KiB is each one's own.
      expect(stats).toMatchObject({ folder: shared, problem: '' });
      expect(stats?.bytes).toBeGreaterThan(1.75 * (variables + packed));
      expect(stats?.bytes).toBeLessThanOrEqual(2 * (variables + packed));
      expect(own.session.stats().sharedWeights).toBeUndefined();

      // What one session changes is its own.
      const [filter] = [...first.session.graph.variables.values()];
      if (filter === undefined) throw new Error('The network has no variables.');
      await first.session.write(filter, new Float32Array(filter.shape.reduce((a, b) => a * b, 1)));
      expect(await first.run()).not.toEqual(own.values);
      expect(await second.run()).toEqual(own.values);
      for (const { session } of [first, own]) await session[Symbol.asyncDispose]();
      expect(files().sort()).toEqual(made);
      await second.session[Symbol.asyncDispose]();
      expect(files()).toEqual([]);
    },
  );
});

it('what is packed out of them in int8 is shared as well', async () => {
  const channels = 128;
  const path = await checkpoint('a.safetensors', channels);
  const { graph, y } = network(channels);
  await using session = await Session.create(graph);
  await session.restore(path);
  const calibration = await session.calibrate({ y }, [{ x }]);
  const int8 = { precision: 'int8', calibration } as const;
  const own = await start(path, int8, channels);
  const first = await start(path, { ...int8, sharedWeights: { folder: shared } }, channels);
  const made = files().sort();
  const second = await start(path, { ...int8, sharedWeights: { folder: shared } }, channels);
  expect([first.values, second.values]).toEqual([own.values, own.values]);
  // Both filters, and the one of them that is still worth it as bytes.
  expect(made).toHaveLength(3);
  expect(files().sort()).toEqual(made);
  expect(second.session.stats().sharedWeights).toMatchObject({ blocks: 6, problem: '' });
  for (const each of [first, second, own]) await each.session[Symbol.asyncDispose]();
  expect(files()).toEqual([]);
});

it.each(['buffered', 'inPlace'] as const)(
  "what a run changes of them, %s, is the session's own",
  async (variableUpdates) => {
    const graph = new Graph();
    const count = 2 ** 15;
    const weights = variable(graph, 'weights', [count], 3);
    const ones = feedOf(graph, 'ones', [count]);
    const more = apply(ops.assignAdd, { variable: weights.tensor, value: ones }, {}, 'add').y;
    const path = join(folder, 'a.safetensors');
    const open = async () => {
      const session = await Session.create(graph, { variableUpdates, sharedWeights: { folder: shared } });
      await session.restore(path);
      return session;
    };
    await using drawn = await Session.create(graph);
    await drawn.initialize();
    await drawn.save(path);
    await using first = await open();
    await using second = await open();
    expect(first.stats().sharedWeights).toMatchObject({ blocks: 2, problem: '' });
    for (const session of [first, second]) await session.run({}, { w: weights.tensor });
    const feed = new Float32Array(count).fill(1);
    for (let i = 0; i < 3; i++) await first.run({ ones: feed }, {}, { updates: [more] });
    await using third = await open();
    expect(first.read(weights)).toEqual(new Float32Array(count).fill(6));
    for (const session of [second, third]) expect(session.read(weights)).toEqual(new Float32Array(count).fill(3));
  },
);

it('weights that nobody has restored are not shared', async () => {
  const { graph, y } = network();
  await using session = await Session.create(graph, { sharedWeights: { folder: shared } });
  await session.initialize();
  await session.run({ x: new Float32Array(4 * 4 * 64) }, { y });
  expect(session.stats().sharedWeights).toMatchObject({ blocks: 0, problem: '' });
  expect(files()).toEqual([]);
});

it('a session whose folder cannot be used says so, and runs', async () => {
  const path = await checkpoint('a.safetensors');
  writeFileSync(shared, 'a file');
  const { session, values } = await start(path, { sharedWeights: { folder: shared } });
  expect(session.stats().sharedWeights).toMatchObject({ blocks: 0, bytes: 0, problem: expect.stringMatching(/./) });
  const own = await start(path);
  expect(values).toEqual(own.values);
  for (const each of [session, own.session]) await each[Symbol.asyncDispose]();
});

describe('the folder of shared weights', () => {
  it('is one of the user, or what the environment names', () => {
    expect(sharedWeightsFolder({ XDG_CACHE_HOME: '/caches' })).toBe('/caches/slimnet/shared');
    expect(sharedWeightsFolder({ SLIMNET_SHARED_WEIGHTS: '/elsewhere' })).toBe('/elsewhere');
    expect(sharedWeightsFolder({}, '')).toBeUndefined();
    expect(sharedWeightsSettings('test', { folder: '/somewhere' })).toBe('/somewhere');
    expect(sharedWeightsSettings('test', false)).toBeUndefined();
    process.env.SLIMNET_SHARED_WEIGHTS = 'off';
    expect(sharedWeightsSettings('test', { folder: '/somewhere' })).toBeUndefined();
    expect(existsSync('/somewhere')).toBe(false);
  });

  it.each<[unknown, RegExp]>([
    ['/somewhere', /sharedWeights: expected true, false or \{ folder \}/],
    [null, /sharedWeights: expected true, false or/],
    [{ folder: 'relative' }, /folder: expected an absolute path/],
    [{ path: '/somewhere' }, /sharedWeights has no option path; it has folder/],
  ])('is refused as %j', (option, message) => {
    expect(() => sharedWeightsSettings('test', option as boolean)).toThrow(ArgumentError);
    expect(() => sharedWeightsSettings('test', option as boolean)).toThrow(message);
  });
});
