import { apply, Graph } from '../../../../lib/core/graph.js';
import { ArgumentError, ExecutionError } from '../../../../lib/errors.js';
import * as ops from '../../../../lib/ops/index.js';
import { Session } from '../../../../lib/runtime/session/session.js';
import { cast, subtract } from '../../../../lib/slim/math.js';
import { constant, placeholder as slimPlaceholder } from '../../../../lib/slim/placeholder.js';
import { averageGraph, longGraph, placeholder, scaleGraph, variable } from '../../../helpers/graphs.js';
import { testDevice } from '../../../helpers/test_device.js';

const device = testDevice;

describe('Session.run', () => {
  it('computes what is fetched, with dtype and shape', async () => {
    const { graph, y, x } = scaleGraph();
    await using session = await Session.create(graph, { device });
    await session.initialize();
    const result = await session.run({ x: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) }, { y, same: x, again: y });
    expect(result.y).toEqual({ dtype: 'float32', shape: [2, 4], data: Float32Array.of(2, 4, 6, 8, 10, 12, 14, 16) });
    expect(result.same.data).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    expect(result.again.data).toEqual(result.y.data);
  });

  it('copies the feeds: changing them afterwards changes nothing, compiled or not', async () => {
    const { graph, y } = scaleGraph();
    await using session = await Session.create(graph, { device });
    await session.initialize();
    for (let i = 0; i < 3; i++) {
      const feed = Float32Array.of(1, 1, 1, 1);
      const running = session.run({ x: feed }, { y });
      feed.fill(100);
      expect((await running).y.data).toEqual(Float32Array.of(2, 2, 2, 2));
    }
  });

  describe('borrowed feeds', () => {
    const rows = 8192; // 128 KiB: small blocks come from JavaScript's own memory

    it.each([
      ['the whole block', 0],
      ['a part that begins at a cache line', 64],
      ['a part that begins anywhere', 4],
    ])('are read where they are, or copied by the run: %s', async (_, offset) => {
      const { graph, y } = scaleGraph();
      await using session = await Session.create(graph, { device });
      await session.initialize();
      const memory = session.allocateFeed('float32', [rows + 16, 4]);
      expect(memory.every((value) => value === 0)).toBe(true);
      const x = memory.subarray(offset / 4, offset / 4 + 4 * rows);
      for (let i = 0; i < 3; i++) {
        x.fill(i);
        const { data } = (await session.run({ x }, { y }, { borrowed: true })).y;
        expect(data.length).toBe(4 * rows);
        expect(data.every((value) => value === 2 * i)).toBe(true);
      }
    });

    it('may be results of runs, and several arrays', async () => {
      const { graph, y } = scaleGraph();
      await using session = await Session.create(graph, { device });
      await session.initialize();
      const first = await session.run({ x: new Float32Array(4 * rows).fill(3) }, { y });
      const again = await session.run({ x: [first.y.data, first.y.data] }, { y }, { borrowed: true });
      expect(again.y.shape).toEqual([2 * rows, 4]);
      expect(again.y.data.every((value) => value === 12)).toBe(true);
    });

    it('are copied by the call where they are no memory of its own', async () => {
      const { graph, y } = scaleGraph();
      await using session = await Session.create(graph, { device });
      await session.initialize();
      for (let i = 0; i < 3; i++) {
        const x = new Float32Array(4 * rows).fill(1);
        const running = session.run({ x }, { y }, { borrowed: true });
        x.fill(100);
        expect((await running).y.data.every((value) => value === 2)).toBe(true);
      }
    });

    it('of integers, which may be indices, are not read while they can be changed', async () => {
      const { graph } = scaleGraph();
      const bytes = placeholder(graph, 'bytes', [4 * rows], 'uint8');
      await using session = await Session.create(graph, { device });
      const feed = session.allocateFeed('uint8', [4 * rows]).fill(7);
      const { data } = (await session.run({ bytes: feed }, { bytes }, { borrowed: true })).bytes;
      expect(data.every((value) => value === 7)).toBe(true);
    });

    it('last as long as their run, also when the buffer is sent elsewhere meanwhile', async () => {
      const { graph, y } = scaleGraph();
      await using session = await Session.create(graph, { device });
      await session.initialize();
      await session.warmup({ y }, { shapes: { x: [rows, 4] } });
      const x = session.allocateFeed('float32', [rows, 4]).fill(5);
      const running = session.run({ x }, { y }, { borrowed: true });
      try {
        structuredClone(x.buffer, { transfer: [x.buffer] });
      } catch (error) {
        expect((error as Error).name).toBe('DataCloneError'); // Node 20 sends a copy instead
      }
      expect((await running).y.data.every((value) => value === 10)).toBe(true);
    });

    it('are refused where they make no sense', async () => {
      const { graph, y } = scaleGraph();
      await using session = await Session.create(graph, { device });
      await session.initialize();
      const borrowed = 'yes' as unknown as boolean;
      await expect(session.run({ x: new Float32Array(4) }, { y }, { borrowed })).rejects.toThrow(
        /run: borrowed: expected true or false/,
      );
      expect(() => session.allocateFeed('float32', [-1])).toThrow(ArgumentError);
      expect(() => session.allocateFeed('float8' as 'float32', [1])).toThrow(/there is no dtype float8/);
      session.dispose();
      expect(() => session.allocateFeed('float32', [4])).toThrow(ExecutionError);
    });
  });

  it('puts feeds of several arrays together, compiled or not', async () => {
    const { graph, y } = scaleGraph();
    await using session = await Session.create(graph, { device });
    await session.initialize();
    for (let i = 0; i < 3; i++) {
      const parts = [Float32Array.of(1, 2, 3, 4), new Float32Array(0), Float32Array.of(5, 6, 7, 8, 9, 10, 11, 12)];
      const running = session.run({ x: parts }, { y });
      for (const part of parts) part.fill(100);
      expect((await running).y).toMatchObject({
        shape: [3, 4],
        data: Float32Array.of(2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24),
      });
    }
  });

  it('copies a Buffer that is fed for uint8, too', async () => {
    const { graph } = scaleGraph();
    const bytes = placeholder(graph, 'bytes', [3], 'uint8');
    await using session = await Session.create(graph, { device });
    const feed = Buffer.from([1, 2, 3]);
    const running = session.run({ bytes: feed }, { bytes });
    feed.fill(9);
    expect([...(await running).bytes.data]).toEqual([1, 2, 3]);
  });

  it('takes 8-bit pixels straight into a graph, which makes what it needs of them', async () => {
    const graph = new Graph();
    const { pixels, centred } = graph.build(() => {
      const images = slimPlaceholder('uint8', [null, 1, 2, 3], { name: 'images' });
      const means = constant([100, 110, 120]);
      return { pixels: images, centred: subtract(cast(images, 'float32'), means) };
    });
    await using session = await Session.create(graph, { device });
    const feed = Uint8Array.of(0, 1, 2, 253, 254, 255);
    const result = await session.run({ images: [feed, feed] }, { pixels, centred });
    const one = [-100, -109, -118, 153, 144, 135];
    expect(result.centred).toEqual({ dtype: 'float32', shape: [2, 1, 2, 3], data: Float32Array.of(...one, ...one) });
    expect(result.pixels.data).toEqual(Uint8Array.of(...feed, ...feed));
  });

  it('hands out arrays that later runs do not touch', async () => {
    const { graph, y } = scaleGraph();
    await using session = await Session.create(graph, { device });
    await session.initialize();
    const first = await session.run({ x: Float32Array.of(1, 1, 1, 1) }, { y });
    await session.run({ x: Float32Array.of(5, 5, 5, 5) }, { y });
    expect(first.y.data).toEqual(Float32Array.of(2, 2, 2, 2));
  });

  it('hands out large results as well', async () => {
    const { graph, y } = scaleGraph();
    await using session = await Session.create(graph, { device });
    await session.initialize();
    const feed = Float32Array.from({ length: 40_000 }, (_, i) => i);
    const { data } = (await session.run({ x: feed }, { y })).y;
    expect(data).toHaveLength(40_000);
    expect(data.every((value, i) => value === 2 * i)).toBe(true);
  });

  it('runs empty batches', async () => {
    const { graph, y } = scaleGraph();
    await using session = await Session.create(graph, { device });
    await session.initialize();
    expect((await session.run({ x: new Float32Array(0) }, { y })).y).toEqual({
      dtype: 'float32',
      shape: [0, 4],
      data: new Float32Array(0),
    });
  });

  it('compiles once for each set of fetches and input shapes, and keeps as many programs as it may', async () => {
    const { graph, y, x } = scaleGraph();
    await using session = await Session.create(graph, { device, programLimit: 3 });
    await session.initialize();
    for (const batch of [1, 2, 1, 2, 1]) await session.run({ x: new Float32Array(4 * batch) }, { y });
    expect(session.stats().programs).toBe(2);
    await session.run({ x: new Float32Array(4) }, { x });
    expect(session.stats().programs).toBe(3);
    for (let batch = 3; batch < 8; batch++) {
      const { data } = (await session.run({ x: new Float32Array(4 * batch).fill(1) }, { y })).y;
      expect(data).toEqual(new Float32Array(4 * batch).fill(2));
    }
    expect(session.stats()).toMatchObject({ programs: 3, runs: 11 });
  });

  it('gives right results to many runs at the same time', async () => {
    const { graph, y } = scaleGraph();
    await using session = await Session.create(graph, { device: 'cpu' });
    await session.initialize();
    const runs = Array.from({ length: 200 }, (_, i) =>
      session.run({ x: new Float32Array(4 * ((i % 5) + 1)).fill(i) }, { y }),
    );
    const results = await Promise.all(runs);
    for (const [i, { y: result }] of results.entries()) {
      expect(result.data).toEqual(new Float32Array(4 * ((i % 5) + 1)).fill(2 * i));
    }
    expect(session.stats()).toMatchObject({ runs: 200, pending: 0, waiting: 0 });
  });

  it.each([device, 'cpu'])('applies updates at the end of the run, for the next one to see, on %s', async (device) => {
    const { graph, w, y, update } = averageGraph();
    await using session = await Session.create(graph, { device });
    await session.initialize();
    const feed = Float32Array.of(4, 4, 4, 4);
    const first = await session.run({ x: feed }, { y, before: w.tensor, after: update }, { updates: [update] });
    expect(first.y.data).toEqual(Float32Array.of(8, 8, 8, 8));
    expect(first.before.data).toEqual(Float32Array.of(2, 2, 2, 2));
    expect(first.after.data).toEqual(Float32Array.of(3, 3, 3, 3));
    expect(session.read(w)).toEqual(Float32Array.of(3, 3, 3, 3));
    expect((await session.run({ x: feed }, { y })).y.data).toEqual(Float32Array.of(12, 12, 12, 12));
  });

  it('keeps the order of the calls around an update in place whose program must be compiled first', async () => {
    const { graph, w, y, update } = averageGraph();
    await using session = await Session.create(graph, { device, variableUpdates: 'inPlace' });
    await session.initialize();
    const x = Float32Array.of(1, 1, 1, 1);
    await session.report({ y });
    const [before, , after, { w: last }] = await Promise.all([
      session.run({ x }, { y }),
      session.run({ x: Float32Array.of(4, 4, 4, 4) }, {}, { updates: [update] }),
      session.run({ x }, { y }),
      session.run({}, { w: w.tensor }),
    ]);
    expect(before.y.data).toEqual(Float32Array.of(2, 2, 2, 2));
    expect(after.y.data).toEqual(Float32Array.of(3, 3, 3, 3));
    expect(last.data).toEqual(Float32Array.of(3, 3, 3, 3));
  });

  it('does not let a run wait for the compilation of an update, whose new values it does not need', async () => {
    const { graph, w, y, update } = averageGraph();
    await using session = await Session.create(graph, { device });
    await session.initialize();
    const x = Float32Array.of(1, 1, 1, 1);
    await session.report({ y });
    const order: string[] = [];
    const updated = session.run({ x }, {}, { updates: [update] }).then(() => order.push('update'));
    const read = session.run({ x }, { y }).then(({ y: { data } }) => {
      order.push('read');
      return data;
    });
    expect(await read).toEqual(Float32Array.of(2, 2, 2, 2));
    await updated;
    expect(order).toEqual(['read', 'update']);
    expect(session.read(w)).toEqual(Float32Array.of(1.5, 1.5, 1.5, 1.5));
  });

  it('counts the second memory of variables that runs change, unless they change in place', async () => {
    for (const [variableUpdates, bytes] of [
      ['buffered', 16],
      ['inPlace', 0],
    ] as const) {
      const { graph, update } = averageGraph();
      await using session = await Session.create(graph, { device, variableUpdates });
      await session.initialize();
      expect((await session.report({}, { updates: [update] })).spareBytes).toBe(bytes);
      await session.run({ x: Float32Array.of(0, 0, 0, 0) }, {}, { updates: [update] });
      expect(session.stats().bytes.spare).toBe(bytes);
    }
  });

  it('an update in place that fails halfway leaves no value until the next restore', async () => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', [2, 4]);
    const labels = placeholder(graph, 'labels', [2], 'int32');
    const w = variable(graph, 'w', [2, 4], 1);
    const update = apply(ops.assignAdd, { variable: w.tensor, value: x }, {}, 'update').y;
    const picked = apply(ops.pick, { x: update, index: labels }, {}, 'picked').y;
    const feeds = (label: number) => ({ x: new Float32Array(8).fill(1), labels: Int32Array.of(0, label) });
    for (const variableUpdates of ['buffered', 'inPlace'] as const) {
      await using session = await Session.create(graph, { device, variableUpdates });
      await session.initialize();
      await expect(session.run(feeds(4), { picked })).rejects.toThrow(ExecutionError);
      if (variableUpdates === 'inPlace') {
        expect(() => session.read(w)).toThrow(/Variable w has no value.*Hint: call session.restore/);
        await expect(session.run({}, { w: w.tensor })).rejects.toThrow(/Variable w has no value/);
        await expect(session.save('nowhere.safetensors')).rejects.toThrow(/Variable w has no value/);
        await session.initialize();
      }
      expect(session.read(w)).toEqual(new Float32Array(8).fill(1));
      await session.run(feeds(3), { picked });
      expect(session.read(w)).toEqual(new Float32Array(8).fill(2));
    }
  });

  it('lets others go on when a run that they wait for is aborted or fails', async () => {
    const { graph, y, update } = averageGraph();
    await using session = await Session.create(graph, { device, variableUpdates: 'inPlace' });
    await session.initialize();
    const x = Float32Array.of(1, 1, 1, 1);
    await session.report({ y });
    const controller = new AbortController();
    const aborted = session.run({ x }, {}, { updates: [update], signal: controller.signal });
    const later = session.run({ x }, { y });
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    expect((await later).y.data).toEqual(Float32Array.of(2, 2, 2, 2));
  });

  it('runs updates without any fetch', async () => {
    const { graph, w, update } = averageGraph();
    await using session = await Session.create(graph, { device });
    await session.initialize();
    expect(await session.run({ x: Float32Array.of(0, 0, 0, 0) }, {}, { updates: [update] })).toEqual({});
    expect(session.read(w)).toEqual(Float32Array.of(1, 1, 1, 1));
  });

  it('sees written values at once', async () => {
    const { graph, w, y } = scaleGraph();
    await using session = await Session.create(graph, { device: 'cpu' });
    for (const value of [1, 2, 3]) {
      session.write(w, new Float32Array(4).fill(value));
      expect((await session.run({ x: Float32Array.of(1, 1, 1, 1) }, { y })).y.data).toEqual(
        new Float32Array(4).fill(value),
      );
    }
  });

  it.each<[string, unknown, RegExp]>([
    ['no fetches', {}, /Nothing is asked for/],
    ['a tensor in place of fetches by name', scaleGraph().y, /Expected the tensors to fetch by name/],
    ['what is no tensor', { y: 5 }, /fetch y: expected a tensor/],
    ['a tensor of another graph', { y: scaleGraph().y }, /belongs to another graph/],
    ['null', null, /Expected the tensors to fetch by name, received null/],
  ])('refuses %s', async (_, fetches, message) => {
    const { graph } = scaleGraph();
    await using session = await Session.create(graph, { device });
    const run = session.run({ x: new Float32Array(4) }, fetches as Record<string, never>);
    await expect(run).rejects.toThrow(ArgumentError);
    await expect(run).rejects.toThrow(message);
  });

  it.each<[object, RegExp]>([
    [{ sigal: undefined }, /no option sigal/],
    [{ signal: {} }, /expected an AbortSignal/],
    [{ timeoutMs: -1 }, /timeoutMs: expected an integer/],
    [{ updates: 3 }, /updates: expected an array/],
    [{ profile: 1 }, /profile: expected true or false/],
  ])('refuses the options %p', async (options, message) => {
    const { graph, y } = scaleGraph();
    await using session = await Session.create(graph, { device });
    await session.initialize();
    await expect(session.run({ x: new Float32Array(4) }, { y }, options)).rejects.toThrow(message);
  });

  it('says which variable has no value, and what to do', async () => {
    const { graph, y } = scaleGraph();
    await using session = await Session.create(graph, { device });
    const run = session.run({ x: new Float32Array(4) }, { y });
    await expect(run).rejects.toThrow(ExecutionError);
    await expect(run).rejects.toThrow(/no value yet for variable w\. Hint: .*restore.*initialize/);
  });

  it('keeps the event loop free while it computes', async () => {
    const { graph, y, feed } = longGraph(30, 64);
    await using session = await Session.create(graph, { device });
    await session.initialize();
    await session.run({ x: feed }, { y });
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const began = performance.now();
    await session.run({ x: feed }, { y });
    clearInterval(timer);
    expect(turns).toBeGreaterThanOrEqual(Math.min(3, Math.floor((performance.now() - began) / 20)));
  });
});

describe('stopping a run', () => {
  const setUp = async (): Promise<{ session: Session; run: (options?: object) => Promise<unknown> }> => {
    const { graph, y, feed } = longGraph(200, 64);
    const session = await Session.create(graph, { device });
    await session.initialize();
    await session.report({ y });
    return { session, run: (options = {}) => session.run({ x: feed }, { y }, options) };
  };

  it('rejects at once when the signal is aborted already', async () => {
    const { session, run } = await setUp();
    await expect(run({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    expect(session.stats()).toMatchObject({ runs: 0, pending: 0 });
    session.dispose();
  });

  it('ends a run that computes, with the reason of the signal, and goes on with the next', async () => {
    const { session, run } = await setUp();
    const whole = performance.now();
    await run();
    const duration = performance.now() - whole;
    const controller = new AbortController();
    const reason = new RangeError('enough');
    const running = run({ signal: controller.signal });
    setTimeout(() => controller.abort(reason), duration / 10);
    const began = performance.now();
    await expect(running).rejects.toBe(reason);
    // A device that is given its work ahead of time finishes it.
    if (device === 'reference') expect(performance.now() - began).toBeLessThan(duration);
    await run();
    expect(session.stats()).toMatchObject({ runs: 2, pending: 0, waiting: 0 });
    session.dispose();
  });

  it('ends runs that wait without running them', async () => {
    const { session, run } = await setUp();
    const controller = new AbortController();
    const first = run();
    const waiting = [run({ signal: controller.signal }), run({ signal: controller.signal })];
    controller.abort();
    for (const promise of waiting) await expect(promise).rejects.toMatchObject({ name: 'AbortError' });
    await first;
    expect(session.stats().runs).toBe(1);
    session.dispose();
  });

  it('ends a run that waits for its compilation', async () => {
    const { graph, y, feed } = longGraph(200, 64);
    await using session = await Session.create(graph, { device });
    await session.initialize();
    const controller = new AbortController();
    const running = session.run({ x: feed }, { y }, { signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('ends a run after its time limit', async () => {
    const { session, run } = await setUp();
    await expect(run({ timeoutMs: 1 })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
      message: expect.stringContaining('timeoutMs'),
    });
    session.dispose();
  });

  it('refuses runs over the limit of the queue', async () => {
    const { graph, y, feed } = longGraph(100, 64);
    await using session = await Session.create(graph, { device, queueLimit: 2 });
    await session.initialize();
    await session.report({ y });
    const runs = Array.from({ length: 6 }, () => session.run({ x: feed }, { y }));
    const ends = await Promise.allSettled(runs);
    const refused = ends.filter((end) => end.status === 'rejected');
    expect(refused.length).toBeGreaterThanOrEqual(3);
    for (const end of refused) expect(end.reason).toMatchObject({ code: 'ERR_QUEUE_FULL', name: 'ExecutionError' });
    await session.run({ x: feed }, { y });
  });

  it('refuses runs over that limit while they wait for their compilation, too', async () => {
    const { graph, y } = scaleGraph();
    await using session = await Session.create(graph, { device, queueLimit: 3 });
    await session.initialize();
    const runs = Array.from({ length: 5 }, () => session.run({ x: new Float32Array(4) }, { y }));
    const ends = await Promise.allSettled(runs);
    expect(ends.map((end) => end.status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(ends[4]).toMatchObject({ reason: { code: 'ERR_QUEUE_FULL' } });
  });

  it('rejects pending runs with ERR_DISPOSED when the session is disposed', async () => {
    const { session, run } = await setUp();
    const runs = [run(), run(), run()];
    session.dispose();
    session.dispose();
    for (const promise of runs) await expect(promise).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  });

  it('waits for pending runs when it is disposed asynchronously, and takes no new ones', async () => {
    const { session, run } = await setUp();
    const running = run();
    const disposing = session[Symbol.asyncDispose]();
    await expect(run()).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    await expect(running).resolves.toBeDefined();
    await disposing;
    await session[Symbol.asyncDispose]();
    expect(() => session.stats()).toThrow(expect.objectContaining({ code: 'ERR_DISPOSED' }));
  });

  it('refuses every call after dispose', async () => {
    const { graph, y, w } = scaleGraph();
    const session = await Session.create(graph, { device });
    session.dispose();
    const gone = expect.objectContaining({ code: 'ERR_DISPOSED' });
    expect(() => session.read(w)).toThrow(gone);
    expect(() => session.write(w, new Float32Array(4))).toThrow(gone);
    for (const call of [
      session.run({ x: new Float32Array(4) }, { y }),
      session.initialize(),
      session.restore('nowhere'),
      session.save('nowhere'),
      session.report({ y }),
      session.plan({ y }),
    ]) {
      await expect(call).rejects.toEqual(gone);
    }
  });
});

describe('reports', () => {
  it('name the steps, their implementations and memory, and the times of a profiled run', async () => {
    const { graph, y, feed } = longGraph(3, 8);
    await using session = await Session.create(graph, { device: 'cpu' });
    await session.initialize();
    await session.run({ x: feed }, { y }, { profile: true });
    const report = await session.report({ y });
    expect(report.steps).toHaveLength(3);
    expect(report.runs).toBe(1);
    expect(report.arenaBytes).toBeGreaterThan(0);
    for (const step of report.steps) {
      expect(step).toMatchObject({ op: 'conv2d', output: 'float32[1,8,8,8]', node: expect.stringMatching(/^conv\d$/) });
      expect(step.implementation).not.toBe('');
      expect(step.nanoseconds).toBeGreaterThan(0);
    }
  });

  it('count the steps by kernel, and name no defect where there is no reference kernel', async () => {
    const { graph, y, feed } = longGraph(3, 8);
    await using session = await Session.create(graph, { device: 'cpu' });
    expect(session.stats()).toMatchObject({ kernels: {}, defects: [] });
    await session.initialize();
    const report = await session.report({ y });
    expect(report).toMatchObject({ precision: 'float32', defects: [] });
    const counts = Object.values(report.kernels);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(Object.keys(report.kernels)).toEqual(
      expect.arrayContaining(report.steps.map(({ implementation }) => implementation)),
    );
    await session.run({ x: feed }, { y });
    const { kernels, defects, programs } = session.stats();
    expect({ kernels, defects, programs }).toEqual({ kernels: report.kernels, defects: [], programs: 1 });
  });

  it('print the optimized plan', async () => {
    const { graph, y } = scaleGraph();
    await using session = await Session.create(graph, { device });
    const text = await session.plan({ y }, { shapes: { x: [3, 4] } });
    expect(text).toMatch(/^slimnet\.plan 1\n/);
    expect(text).toMatch(/mul\(.*float32\[3,4\]/);
    await expect(session.plan({ y })).rejects.toThrow(/unknown dimensions/);
  });
});
