import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCheckpoint } from '../../../../lib/checkpoint/index.js';
import { Graph, type Tensor } from '../../../../lib/core/graph.js';
import { ArgumentError } from '../../../../lib/errors.js';
import { packedCacheFolder, packedCacheSettings } from '../../../../lib/runtime/programs/packed_cache.js';
import { Session, type SessionOptions } from '../../../../lib/runtime/session/session.js';
import * as slim from '../../../../lib/slim/index.js';
import { placeholder } from '../../../../lib/slim/placeholder.js';
import { testDevice } from '../../../helpers/test_device.js';

let folder = '';
let cache = '';
const turnedOff = process.env.SLIMNET_PACKED_CACHE;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-packed-'));
  cache = join(folder, 'cache');
  process.env.SLIMNET_PACKED_CACHE = '';
});
afterEach(() => {
  process.env.SLIMNET_PACKED_CACHE = turnedOff;
  rmSync(folder, { recursive: true });
});

interface Network {
  readonly graph: Graph;
  readonly y: Tensor;
}

/** Two convolutions with batch norms, so that weights are folded and packed. */
function network(): Network {
  const graph = new Graph({ seed: 1 });
  const y = graph.build(() => {
    const x = placeholder('float32', [null, 8, 8, 16], { name: 'x' });
    const normalizer = { normalizerFn: slim.batchNorm, normalizerParams: { isTraining: false } };
    return slim.argScope([slim.conv2d], normalizer, () =>
      slim.conv2d(slim.conv2d(x, 32, [3, 3], { scope: 'first' }), 16, [1, 1], { scope: 'second' }),
    );
  });
  return { graph, y };
}

/** A checkpoint of the network whose values follow from a number. */
async function checkpoint(name: string, number: number): Promise<string> {
  const { graph } = network();
  const path = join(folder, name);
  const entries = [...graph.variables.values()].map(({ name, dtype, shape }, v) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    data.forEach((_, i) => {
      data[i] = /variance|gamma/.test(name) ? 1 + ((i * 7 + v) % 5) / 10 : Math.sin(i * 0.7 + v * number);
    });
    return { name, dtype, shape, data };
  });
  await writeCheckpoint(path, entries);
  return path;
}

interface Start {
  readonly values: readonly number[];
  readonly stats: NonNullable<ReturnType<Session['stats']>['packedCache']>;
}

const nothing = { folder: '', found: 0, missing: 0, saved: 0, problem: '' };

/** Whether there is a new problem, of writing. */
const refused = (before: string, now: string) => now !== before && now !== 'the file is damaged';

/** One start: a session of its own, a restore, a run, and the wait until what it packed is on disk. */
async function start(path: string, options: SessionOptions = {}): Promise<Start> {
  const { graph, y } = network();
  await using session = await Session.create(graph, {
    packedCache: { folder: cache },
    threads: 2,
    ...options,
  });
  const now = () => session.stats().packedCache ?? nothing;
  const before = now();
  await session.restore(path);
  const x = new Float32Array(8 * 8 * 16).map((_, i) => Math.cos(i));
  const { data } = (await session.run({ x }, { y })).y;
  const done = () =>
    now().missing === before.missing || now().saved > before.saved || refused(before.problem, now().problem);
  for (let i = 0; i < 200 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 25));
  const { found, missing, saved, problem } = now();
  const stats = {
    folder: now().folder,
    found: found - before.found,
    missing: missing - before.missing,
    saved: saved - before.saved,
    problem,
  };
  return { values: [...data] as number[], stats };
}

const files = () => readdirSync(cache).sort();

describe.each(['cpu', testDevice])('packed weights on disk, device %s', (device) => {
  it('are written by the first start and read by the second, with the same results to the bit', async () => {
    const path = await checkpoint('a.ckpt', 1);
    const none = await start(path, { device, packedCache: false });
    const first = await start(path, { device });
    expect(first.stats).toMatchObject({ folder: cache, found: 0, missing: 1, saved: 1, problem: '' });
    expect(files()).toEqual([expect.stringMatching(/^[0-9a-f]{32}\.packed$/)]);
    const second = await start(path, { device });
    expect(second.stats).toMatchObject({ found: 1, missing: 0, saved: 0 });
    expect(first.values).toEqual(none.values);
    expect(second.values).toEqual(none.values);
  });

  it('of other weights, or for another precision, are others', async () => {
    const path = await checkpoint('a.ckpt', 1);
    await start(path, { device });
    const other = await start(await checkpoint('b.ckpt', 2), { device });
    expect(other.stats).toMatchObject({ found: 0, missing: 1 });
    if (device === 'cpu') {
      const narrow = await start(path, { device, precision: 'bfloat16' }).catch((error: Error) => error.message);
      if (typeof narrow === 'string') console.log(`not tried in bfloat16: ${narrow}`);
      else expect(narrow.stats).toMatchObject({ found: 0, missing: 1 });
    }
    expect((await start(path, { device })).stats).toMatchObject({ found: 1, missing: 0 });
  });

  it('are found whatever file the weights come from', async () => {
    await start(await checkpoint('a.ckpt', 1), { device });
    expect((await start(await checkpoint('a.safetensors', 1), { device })).stats).toMatchObject({ found: 1 });
  });
});

describe('packed weights on disk', () => {
  it('are for their owner alone', async () => {
    await start(await checkpoint('a.ckpt', 1));
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    expect(statSync(join(cache, files()[0] as string)).mode & 0o777).toBe(0o600);
  });

  it('that are damaged anywhere cost time, and nothing else', async () => {
    const path = await checkpoint('a.ckpt', 1);
    const { values } = await start(path);
    const file = join(cache, files()[0] as string);
    const good = readFileSync(file);
    for (const [damaged, found] of [
      [good.subarray(0, good.length - 100), 0],
      [Buffer.from(good).fill(1, 30, 34), 0],
      [Buffer.from(good).fill(1, good.length - 200, good.length - 196), 0],
      [good, 1],
    ] as const) {
      writeFileSync(file, damaged);
      const again = await start(path);
      expect(again.stats.found).toBe(found);
      expect(again.stats.saved).toBe(1 - found);
      expect(again.values).toEqual(values);
      expect(readFileSync(file).equals(good)).toBe(true);
    }
  });

  it('are left out where the folder cannot be written to, with the reason', async () => {
    const path = await checkpoint('a.ckpt', 1);
    writeFileSync(cache, 'a file in the way');
    const { values, stats } = await start(path);
    expect(stats).toMatchObject({
      found: 0,
      missing: 1,
      saved: 0,
      problem: expect.stringMatching(/directory|exists/i),
    });
    rmSync(cache);
    expect((await start(path)).values).toEqual(values);
    chmodSync(cache, 0o500); // root writes there all the same
    expect((await start(await checkpoint('b.ckpt', 2))).stats.missing).toBe(1);
    chmodSync(cache, 0o700);
  });

  it('stay below their limit: what was not used for longest goes', async () => {
    const paths = [];
    for (const i of [1, 2, 3]) paths.push(await checkpoint(`${i}.ckpt`, i));
    await start(paths[0] as string);
    const [first] = files();
    const bytes = statSync(join(cache, first as string)).size;
    utimesSync(join(cache, first as string), new Date(2000, 1), new Date(2000, 1));
    const limited = { packedCache: { folder: cache, limitBytes: Math.floor(bytes * 2.5) } };
    await start(paths[1] as string, limited);
    expect(files()).toHaveLength(2);
    expect((await start(paths[0] as string, limited)).stats.found).toBe(1); // is the newest again
    utimesSync(join(cache, files().find((file) => file !== first) as string), new Date(2001, 1), new Date(2001, 1));
    const second = files().find((file) => file !== first) as string;
    await start(paths[2] as string, limited);
    expect(files()).toHaveLength(2);
    expect(files()).toContain(first);
    expect(files()).not.toContain(second);
  });

  it('are made of restored weights alone, not of what was written, drawn or trained', async () => {
    const { graph, y } = network();
    await using session = await Session.create(graph, { packedCache: { folder: cache } });
    const x = new Float32Array(8 * 8 * 16);
    await session.initialize();
    await session.run({ x }, { y });
    await session.restore(await checkpoint('a.ckpt', 1));
    for (const variable of graph.variables.values()) session.write(variable, session.read(variable));
    await session.run({ x }, { y });
    expect(session.stats().packedCache).toMatchObject({ found: 0, missing: 0, saved: 0 });
  });

  it('of two starts at the same time are whole', async () => {
    const path = await checkpoint('a.ckpt', 1);
    const both = await Promise.all([start(path), start(path)]);
    expect(both[0].values).toEqual(both[1].values);
    expect((await start(path)).stats.found).toBe(1);
    expect(files()).toHaveLength(1);
  });
});

describe('where packed weights are kept', () => {
  it('is the cache folder of the user, or what the environment names', () => {
    expect(packedCacheFolder({ XDG_CACHE_HOME: '/caches' })).toBe('/caches/slimnet/packed');
    expect(packedCacheFolder({ SLIMNET_PACKED_CACHE: '/elsewhere', XDG_CACHE_HOME: '/caches' })).toBe('/elsewhere');
    expect(packedCacheFolder({ SLIMNET_PACKED_CACHE: 'off' })).toBeUndefined();
  });

  it('is never below the working directory: a relative folder is none, and who has no home has no cache', () => {
    expect(packedCacheFolder({ XDG_CACHE_HOME: 'caches' }, '/home/somebody')).toBe(
      '/home/somebody/.cache/slimnet/packed',
    );
    expect(packedCacheFolder({}, '')).toBeUndefined();
  });

  it('is nowhere where the environment says off, whatever the options say', () => {
    process.env.SLIMNET_PACKED_CACHE = 'off';
    expect(packedCacheSettings('test', { folder: '/somewhere' }, 'float32')).toBeUndefined();
    process.env.SLIMNET_PACKED_CACHE = '';
    expect(packedCacheSettings('test', { folder: '/somewhere' }, 'float32')).toEqual({
      folder: '/somewhere',
      limit: 2 ** 31,
    });
    expect(packedCacheSettings('test', false, 'bfloat16')).toBeUndefined();
  });

  it('is nowhere where reading would take as long as packing, unless it is asked for', () => {
    const { folder } = packedCacheSettings('test', true, 'float32') as { folder: string };
    expect(packedCacheSettings('test', 'auto', 'float32')).toBeUndefined();
    expect(packedCacheSettings('test', 'auto', 'bfloat16')).toEqual({ folder, limit: 2 ** 31 });
  });

  it.each<[unknown, RegExp]>([
    [1, /packedCache: expected true, false, auto or/],
    [null, /packedCache: expected true, false, auto or/],
    [{ folder: 'relative' }, /folder: expected an absolute path/],
    [{ limitBytes: -1 }, /limitBytes/],
    [{ size: 1 }, /packedCache has no option size; it has folder, limitBytes/],
  ])('is refused as %j', (option, message) => {
    expect(() => packedCacheSettings('test', option as boolean, 'int8')).toThrow(ArgumentError);
    expect(() => packedCacheSettings('test', option as boolean, 'int8')).toThrow(message);
  });
});
