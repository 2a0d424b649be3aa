import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apply, Graph, type Tensor } from '../../../../lib/core/graph.js';
import { ShapeError } from '../../../../lib/errors.js';
import * as ops from '../../../../lib/ops/index.js';
import { Session } from '../../../../lib/runtime/session/session.js';
import { createGlobalStep } from '../../../../lib/slim/global_step.js';
import { dropout } from '../../../../lib/slim/layers/index.js';
import { placeholder, variable } from '../../../helpers/graphs.js';

const device = 'reference';

/** Dropouts of x [?, 64], and a product that draws nothing. */
function dropoutGraph(options: { globalStep?: boolean } = {}) {
  const graph = new Graph({ seed: 5 });
  return graph.build(() => {
    const x = placeholder(graph, 'x', [null, 64]);
    const step = options.globalStep === true ? createGlobalStep(graph) : null;
    const w = variable(graph, 'w', [64], 2);
    return {
      graph,
      x,
      step,
      y: dropout(x),
      other: dropout(x),
      scaled: apply(ops.mul, { x, y: w.tensor }, {}, 'scaled').z,
    };
  });
}

const ones = (rows: number) => ({ x: new Float32Array(rows * 64).fill(1) });

/** The first row of a result. */
async function draw(session: Session, y: Tensor, rows = 2): Promise<number[]> {
  return [...((await session.run(ones(rows), { y })).y.data as Float32Array)].slice(0, 64);
}

async function open(graph: Graph, programLimit = 16): Promise<Session> {
  const session = await Session.create(graph, { device, programLimit });
  await session.initialize();
  return session;
}

describe('without a global step', () => {
  /** What four runs one after the other draw. */
  async function inOneGo(): Promise<number[][]> {
    const { graph, y } = dropoutGraph();
    await using session = await open(graph);
    const draws = [];
    for (let i = 0; i < 4; i++) draws.push(await draw(session, y));
    return draws;
  }

  it('each run that draws draws something else, and a new session begins again', async () => {
    const draws = await inOneGo();
    expect(new Set(draws.map(String)).size).toBe(4);
    expect(await inOneGo()).toEqual(draws);
  });

  it('a program that was dropped and compiled again goes on', async () => {
    const { graph, y, scaled } = dropoutGraph();
    await using session = await open(graph, 1);
    const draws = [];
    for (let i = 0; i < 4; i++) {
      draws.push(await draw(session, y));
      await session.run(ones(2), { scaled });
      expect(session.stats().programs).toBe(1);
    }
    expect(draws).toEqual(await inOneGo());
  });

  it('other shapes, other fetches and runs that draw nothing in between change nothing', async () => {
    const { graph, y, scaled } = dropoutGraph();
    await using session = await open(graph);
    const draws = [await draw(session, y), await draw(session, y, 1)];
    await session.run(ones(3), { scaled });
    draws.push([...((await session.run(ones(5), { scaled, y })).y.data as Float32Array)].slice(0, 64));
    await session.run(ones(1), { scaled });
    draws.push(await draw(session, y));
    expect(draws).toEqual(await inOneGo());
  });
});

describe('with a global step', () => {
  it('its value at the beginning of the run decides, in whichever session, program and order', async () => {
    const { graph, y, step, scaled } = dropoutGraph({ globalStep: true });
    const at = async (session: Session, value: number, rows?: number) => {
      session.write(step as NonNullable<typeof step>, BigInt64Array.of(BigInt(value)));
      return draw(session, y, rows);
    };
    await using session = await open(graph, 1);
    const draws = [];
    for (let value = 0; value < 4; value++) draws.push(await at(session, value));
    expect(new Set(draws.map(String)).size).toBe(4);
    await using other = await open(graph);
    for (const value of [3, 1, 1, 0, 2]) {
      await other.run(ones(1), { scaled });
      expect(await at(other, value, value + 1)).toEqual(draws[value]);
    }
  });

  it('a training that is resumed from a checkpoint draws what it would have drawn', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slimnet-random-'));
    try {
      const { graph, y, step } = dropoutGraph({ globalStep: true });
      const next = async (session: Session) => {
        const drawn = await draw(session, y);
        const [value] = session.read('global_step') as BigInt64Array;
        session.write(step as NonNullable<typeof step>, BigInt64Array.of((value as bigint) + 1n));
        return drawn;
      };
      await using session = await open(graph);
      for (let i = 0; i < 3; i++) await next(session);
      await session.save(join(folder, 'model.ckpt'));
      const expected = [await next(session), await next(session)];
      await using resumed = await Session.create(graph, { device });
      await resumed.restore(join(folder, 'model.ckpt'));
      expect([await next(resumed), await next(resumed)]).toEqual(expected);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('it must have a value where a run draws, and nowhere else', async () => {
    const { graph, y, x } = dropoutGraph({ globalStep: true });
    await using session = await Session.create(graph, { device });
    await session.run(ones(1), { x });
    await expect(session.run(ones(1), { y })).rejects.toThrow(/no value yet for variable global_step/);
  });

  it('one that is no integer is refused where a run draws, and nowhere else', async () => {
    const graph = new Graph();
    const y = graph.build(() => dropout(placeholder(graph, 'x', [null, 64])));
    const step = variable(graph, 'global_step', [], 0);
    await using session = await open(graph);
    await session.run({}, { step: step.tensor });
    await expect(session.run(ones(1), { y })).rejects.toThrow(ShapeError);
  });
});

it('a node that is computed again draws what its original draws', async () => {
  const { graph, x, y, other } = dropoutGraph();
  const again = graph.build(
    () => apply(ops.dropout, { x }, y.node.attrs as { keep_prob: number; seed: number }, 'again').y,
  );
  await using session = await open(graph);
  const results = await session.run(ones(3), { y, again, other });
  expect(results.again.data).toEqual(results.y.data);
  expect(results.other.data).not.toEqual(results.y.data);
});
