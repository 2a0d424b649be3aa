/** Latency, throughput, auto: what runs at the same time, and that it changes nothing else. */
import { apply, Graph, type Tensor } from '../../../../lib/core/graph.js';
import { ArgumentError } from '../../../../lib/errors.js';
import { loadAddon } from '../../../../lib/native/binding.js';
import * as ops from '../../../../lib/ops/index.js';
import { executionModes } from '../../../../lib/runtime/session/mode.js';
import { type ExecutionMode, Session, type SessionOptions } from '../../../../lib/runtime/session/session.js';
import { averageGraph, longGraph, placeholder, scaleGraph, variable } from '../../../helpers/graphs.js';
import { testDevice } from '../../../helpers/test_device.js';

const device = testDevice;

/** A session with values for a graph. */
async function open(graph: Graph, options: SessionOptions): Promise<Session> {
  const session = await Session.create(graph, { device, ...options });
  await session.initialize();
  return session;
}

/** A long computation and a short one in one graph. */
function longAndShort(): { graph: Graph; long: Tensor; short: Tensor; feed: Float32Array } {
  const { graph, y: long, feed } = longGraph(60, 32);
  const x = placeholder(graph, 'short', [4]);
  const w = variable(graph, 'short_w', [4], 2);
  return { graph, long, short: apply(ops.mul, { x, y: w.tensor }, {}, 'short_y').z, feed };
}

/** The order in which a long run and a short one end that is called after it. */
async function orderOfEnds(mode: ExecutionMode): Promise<string[]> {
  const { graph, long, short, feed } = longAndShort();
  await using session = await open(graph, { mode, threads: 2 });
  await Promise.all([session.report({ long }), session.report({ short })]);
  const ends: string[] = [];
  await Promise.all([
    session.run({ x: feed }, { long }).then(() => ends.push('long')),
    session.run({ short: new Float32Array(4) }, { short }).then(() => ends.push('short')),
  ]);
  return ends;
}

describe('modes', () => {
  it.each<[ExecutionMode | undefined, object[]]>([
    [undefined, [{ count: 1, threads: 3, runs: 4 }]],
    ['latency', [{ count: 1, threads: 3, runs: 4 }]],
    ['throughput', [{ count: 3, threads: 1, runs: 4 }]],
  ])('of %s are what stats() says', async (mode, executors) => {
    const { graph, y } = scaleGraph();
    await using session = await open(graph, { threads: 3, ...(mode === undefined ? {} : { mode }) });
    const runs = Array.from({ length: 4 }, () => session.run({ x: new Float32Array(4) }, { y }));
    await Promise.all(runs);
    expect(session.stats()).toMatchObject({ mode: mode ?? 'latency', threads: 3, runs: 4, executors });
  });

  it.each(executionModes)(
    '%s uses as many cores as the process may, and one executor where that is one',
    async (mode) => {
      const { cores } = loadAddon().diagnostics();
      const { graph, y } = scaleGraph();
      await using session = await open(graph, { mode });
      expect(session.stats().threads).toBe(cores);
      for (const { count, threads } of session.stats().executors) expect(count * threads).toBe(cores);
      await using single = await open(graph, { mode, threads: 1 });
      await Promise.all([1, 2].map(() => single.run({ x: new Float32Array(4) }, { y })));
      expect(single.stats().executors).toEqual([{ count: 1, threads: 1, runs: 2 }]);
    },
  );

  it.each<[unknown, RegExp]>([
    ['fast', /mode: expected latency, throughput or auto, received the string "fast"/],
    ['', /mode: expected latency/],
    [null, /mode: expected latency, throughput or auto, received null/],
    [1, /received 1/],
    [['latency'], /mode: expected/],
  ])('refuse %p', async (mode, message) => {
    const attempt = Session.create(new Graph(), { mode: mode as ExecutionMode });
    await expect(attempt).rejects.toThrow(ArgumentError);
    await expect(attempt).rejects.toThrow(message);
    expect(() => loadAddon().createStore({ backend: 'reference', threads: 1, mode: mode as ExecutionMode })).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    );
  });
});

describe('in throughput mode', () => {
  const mode = 'throughput';

  it('a short run overtakes a long one, which it does not in latency mode', async () => {
    expect(await orderOfEnds(mode)).toEqual(['short', 'long']);
    expect(await orderOfEnds('latency')).toEqual(['long', 'short']);
  });

  it('runs have the results that they have in latency mode', async () => {
    const { graph, y, feed } = longGraph(3, 16);
    const feeds = Array.from({ length: 12 }, (_, i) => feed.map((value, at) => value * ((at * (i + 3)) % 7)));
    const results = await Promise.all(
      (['latency', mode, 'auto'] as const).map(async (each) => {
        await using session = await open(graph, { mode: each, threads: 2 });
        return Promise.all(feeds.map(async (x) => (await session.run({ x }, { y })).y.data));
      }),
    );
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it('the packed weights are there once, and working memory once for each executor', async () => {
    const { graph, y, feed } = longGraph(4, 32);
    const bytesOf = async (each: ExecutionMode): Promise<{ packed: number; arena: number; ofProgram: number }> => {
      await using session = await open(graph, { device: 'cpu', mode: each, threads: 5 });
      const before = session.stats().bytes.arena;
      await Promise.all(Array.from({ length: 40 }, () => session.run({ x: feed }, { y })));
      const { packed, arena } = session.stats().bytes;
      return { packed, arena: arena - before, ofProgram: (await session.report({ y })).arenaBytes };
    };
    const latency = await bytesOf('latency');
    const throughput = await bytesOf(mode);
    expect(latency.packed).toBeGreaterThan(0);
    expect(throughput.packed).toBe(latency.packed);
    expect(throughput.arena).toBeGreaterThanOrEqual(throughput.ofProgram);
    expect(throughput.arena).toBeLessThanOrEqual(6 * throughput.ofProgram);
  });

  it('runs with updates take effect one after the other; runs between them see a version that was published', async () => {
    const { graph, w, y, update } = averageGraph();
    await using session = await open(graph, { mode, threads: 4 });
    const x = Float32Array.of(0, 0, 0, 0);
    await session.report({ before: w.tensor }, { updates: [update] });
    const updates: Promise<number | undefined>[] = [];
    const reads: Promise<number | undefined>[] = [];
    for (let i = 0; i < 20; i++) {
      updates.push(
        session
          .run({ x }, { before: w.tensor }, { updates: [update] })
          .then((result) => result.before.data[0] as number),
      );
      reads.push(session.run({ x: x.map(() => 1) }, { y }).then((result) => result.y.data[0] as number));
    }
    expect(await Promise.all(updates)).toEqual(updates.map((_, i) => 2 / 2 ** i));
    const versions = Array.from({ length: 21 }, (_, i) => 2 / 2 ** i);
    for (const found of await Promise.all(reads)) expect(versions).toContain(found);
    expect(session.read(w)[0]).toBe(2 / 2 ** 20);
  });

  it('runs with updates in place take effect in the order of the calls, those between them see the last one', async () => {
    const { graph, w, y, update } = averageGraph();
    await using session = await open(graph, { mode, threads: 4, variableUpdates: 'inPlace' });
    const x = Float32Array.of(0, 0, 0, 0);
    await session.report({ before: w.tensor }, { updates: [update] });
    const seen = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        i % 3 === 2
          ? session.run({ x: x.map(() => 1) }, { y }).then((result) => result.y.data[0])
          : session.run({ x }, { before: w.tensor }, { updates: [update] }).then((result) => result.before.data[0]),
      ),
    );
    let value = 2;
    for (const [i, found] of seen.entries()) {
      expect(found).toBe(value);
      if (i % 3 !== 2) value /= 2;
    }
  });

  it('a written value is seen by the runs that are called after it', async () => {
    const { graph, w, y } = scaleGraph();
    await using session = await open(graph, { device: 'cpu', mode, threads: 3 });
    const x = Float32Array.of(1, 1, 1, 1);
    for (let value = 1; value < 40; value++) {
      session.write(w, new Float32Array(4).fill(value));
      const results = await Promise.all([1, 2, 3, 4].map(async () => (await session.run({ x }, { y })).y.data));
      for (const data of results) expect(data).toEqual(new Float32Array(4).fill(value));
    }
  });

  it('aborts a run that computes and one that waits, and leaves the others alone', async () => {
    const { graph, y, feed } = longGraph(60, 32);
    await using session = await open(graph, { mode, threads: 2 });
    await session.report({ y });
    const controllers = Array.from({ length: 5 }, () => new AbortController());
    const runs = controllers.map(({ signal }) => session.run({ x: feed }, { y }, { signal }));
    controllers[1]?.abort(new RangeError('computes'));
    controllers[3]?.abort(new RangeError('waits'));
    const ends = await Promise.allSettled(runs);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled']);
    expect(ends[1]).toMatchObject({ reason: { message: 'computes' } });
    expect(ends[3]).toMatchObject({ reason: { message: 'waits' } });
    expect(session.stats()).toMatchObject({ runs: 3, pending: 0, waiting: 0 });
  });

  it('rejects what is pending when the session is disposed', async () => {
    const { graph, y, feed } = longGraph(60, 32);
    const session = await open(graph, { mode, threads: 2 });
    await session.report({ y });
    const runs = [1, 2, 3, 4].map(() => session.run({ x: feed }, { y }));
    session.dispose();
    for (const run of runs) await expect(run).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  });

  it('reports the times of a profiled run', async () => {
    const { graph, y, feed } = longGraph(3, 16);
    await using session = await open(graph, { mode, threads: 2 });
    await session.run({ x: feed }, { y }, { profile: true });
    const { steps, runs } = await session.report({ y });
    expect(runs).toBe(1);
    for (const step of steps) expect(step.nanoseconds).toBeGreaterThan(0);
  });
});

describe('in auto mode', () => {
  const mode = 'auto';

  it('a run that finds nothing else to do gets all threads, many that wait get one each', async () => {
    const { graph, y, feed } = longGraph(4, 32);
    await using session = await open(graph, { mode, threads: 2 });
    for (let i = 0; i < 3; i++) await session.run({ x: feed }, { y });
    expect(session.stats().executors).toEqual([
      { count: 1, threads: 2, runs: 3 },
      { count: 2, threads: 1, runs: 0 },
    ]);
    await Promise.all(Array.from({ length: 20 }, () => session.run({ x: feed }, { y })));
    const [all, one] = session.stats().executors;
    expect((all?.runs ?? 0) + (one?.runs ?? 0)).toBe(23);
    expect(one?.runs).toBeGreaterThanOrEqual(15);
    expect(all?.runs).toBeGreaterThanOrEqual(4); // the first of many compiles for the others
    await session.run({ x: feed }, { y });
    expect(session.stats().executors[0]?.runs).toBe((all?.runs ?? 0) + 1);
  });

  it('sessions of different modes share one device without using more threads than it has', async () => {
    const { graph, y } = scaleGraph();
    const sessions = await Promise.all(executionModes.map((each) => open(graph, { mode: each, threads: 2 })));
    const runs = Array.from({ length: 90 }, (_, i) => {
      const x = new Float32Array(4).fill(i);
      return (sessions[i % 3] as Session).run({ x }, { y });
    });
    for (const [i, { y: result }] of (await Promise.all(runs)).entries())
      expect(result.data).toEqual(new Float32Array(4).fill(2 * i));
    for (const session of sessions) {
      expect(session.stats().executors.reduce((sum, { runs: count }) => sum + count, 0)).toBe(30);
      session.dispose();
    }
  });
});
