import { ArgumentError, ExecutionError, ShapeError } from '../../../../lib/errors.js';
import { Session, type WarmupOptions } from '../../../../lib/runtime/session/session.js';
import { averageGraph, longGraph, scaleGraph } from '../../../helpers/graphs.js';
import { testDevice } from '../../../helpers/test_device.js';

const device = testDevice;

async function setUp(options: object = {}) {
  const { graph, x, w, y } = scaleGraph();
  const session = await Session.create(graph, { device, ...options });
  await session.initialize();
  return { session, graph, x, w, y };
}

describe('Session.warmup', () => {
  it('compiles and runs each of the shapes, so that runs find their programs ready', async () => {
    const { session, y } = await setUp();
    await session.warmup({ y }, { shapes: [{ x: [1, 4] }, { x: [3, 4] }] });
    expect(session.stats()).toMatchObject({ programs: 2, runs: 2, pending: 0 });
    for (const batch of [1, 3]) {
      expect((await session.report({ y }, { shapes: { x: [batch, 4] } })).runs).toBe(1);
      const { data } = (await session.run({ x: new Float32Array(4 * batch).fill(3) }, { y })).y;
      expect(data).toEqual(new Float32Array(4 * batch).fill(6));
    }
    expect(session.stats()).toMatchObject({ programs: 2, runs: 4 });
    session.dispose();
  });

  it('takes one set of shapes without a list, and none where all are known', async () => {
    const { session, y } = await setUp();
    await session.warmup({ y }, { shapes: { x: [2, 4] } });
    expect(session.stats()).toMatchObject({ programs: 1, runs: 1 });
    session.dispose();
    const { graph, y: far } = longGraph(2, 8);
    await using known = await Session.create(graph, { device });
    await known.initialize();
    await known.warmup({ far });
    expect(known.stats()).toMatchObject({ programs: 1, runs: 1 });
  });

  it('refuses fetches that change variables, and changes none', async () => {
    const { graph, w, y, update } = averageGraph();
    await using session = await Session.create(graph, { device });
    await session.initialize();
    const attempt = session.warmup({ y, update });
    await expect(attempt).rejects.toThrow(ArgumentError);
    await expect(attempt).rejects.toThrow(/fetches run update, which changes variables.*session\.report/);
    await session.warmup({ y, before: w.tensor });
    expect(session.read(w)).toEqual(Float32Array.of(2, 2, 2, 2));
  });

  it.each<[string, unknown, new (message: string) => Error, RegExp]>([
    ['an unknown option', { updates: [] }, ArgumentError, /warmup has no option updates; it has shapes, signal/],
    ['no shapes', { shapes: [] }, ArgumentError, /shapes: expected 1 to as many as programs are kept, 2, received 0/],
    [
      'more shapes than there are programs',
      { shapes: [1, 2, 3].map((n) => ({ x: [n, 4] })) },
      ArgumentError,
      /received 3.*raise programLimit/,
    ],
    ['an unknown dimension', {}, ArgumentError, /x .*has unknown dimensions/],
    ['a shape that does not fit', { shapes: [{ x: [1, 4] }, { x: [1, 5] }] }, ShapeError, /received shape \[1,5\]/],
    ['what is no shape', { shapes: { x: 'keepFloat32' } }, ShapeError, /expected a shape/],
    ['what is no signal', { shapes: { x: [1, 4] }, signal: 3 }, ArgumentError, /AbortSignal/],
    ['null', null, ArgumentError, /expected an object of options/],
  ])('refuses %s before anything is compiled', async (_, options, error, message) => {
    const { session, y } = await setUp({ programLimit: 2 });
    const attempt = session.warmup({ y }, options as WarmupOptions);
    await expect(attempt).rejects.toThrow(error);
    await expect(attempt).rejects.toThrow(message);
    expect(session.stats()).toMatchObject({ programs: 0, runs: 0 });
    session.dispose();
  });

  it('says what is too large', async () => {
    const { session, y } = await setUp();
    await expect(session.warmup({ y }, { shapes: { x: [2 ** 31 - 1, 4] } })).rejects.toMatchObject({
      name: expect.stringMatching(/^(ShapeError|ExecutionError|CompileError|PlanError)$/),
    });
    session.dispose();
  });

  it('says which variable has no value', async () => {
    const { graph, y } = scaleGraph();
    await using session = await Session.create(graph, { device });
    const attempt = session.warmup({ y }, { shapes: { x: [1, 4] } });
    await expect(attempt).rejects.toThrow(ExecutionError);
    await expect(attempt).rejects.toThrow(/no value yet for variable w/);
  });

  it('ends with the reason of its signal', async () => {
    const { graph, y } = longGraph(200, 64);
    await using session = await Session.create(graph, { device });
    await session.initialize();
    await expect(session.warmup({ y }, { signal: AbortSignal.abort('before') })).rejects.toBe('before');
    for (const compiled of [false, true]) {
      if (compiled) await session.report({ y });
      const controller = new AbortController();
      const warming = session.warmup({ y }, { signal: controller.signal });
      setTimeout(() => controller.abort('enough'), 1);
      await expect(warming).rejects.toBe('enough');
    }
    expect(session.stats().runs).toBe(0);
  });

  it('ends with ERR_DISPOSED, or is waited for', async () => {
    const first = await setUp();
    const dropped = first.session.warmup({ y: first.y }, { shapes: { x: [1, 4] } });
    first.session.dispose();
    await expect(dropped).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    await expect(first.session.warmup({ y: first.y })).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    const second = await setUp();
    const finished = second.session.warmup({ y: second.y }, { shapes: [{ x: [1, 4] }, { x: [2, 4] }] });
    await second.session[Symbol.asyncDispose]();
    await expect(finished).resolves.toBeUndefined();
  });
});
