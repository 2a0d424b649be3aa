/** Integers hold no NaN: where one would become a number like others, the run fails. */
import { Graph } from '../../../../lib/core/graph.js';
import { ExecutionError } from '../../../../lib/errors.js';
import type { Calibration } from '../../../../lib/runtime/index.js';
import { Session, type SessionOptions } from '../../../../lib/runtime/session/session.js';
import * as slim from '../../../../lib/slim/index.js';

const images = new Float32Array(3 * 8 * 8 * 4).map((_, i) => Math.sin(i));

/** Two convolutions, and ranges that were found with finite weights. */
async function network() {
  const graph = new Graph({ seed: 1 });
  const net = graph.build(() => {
    const x = slim.placeholder('float32', [3, 8, 8, 4], { name: 'x' });
    return slim.conv2d(slim.conv2d(x, 8, [3, 3], { scope: 'first' }), 8, [3, 3], { scope: 'second' });
  });
  await using wide = await Session.create(graph, { device: 'reference' });
  await wide.initialize();
  const calibration = await wide.calibrate({ net }, [{ x: images }], { method: 'minmax' });
  return { graph, net, calibration };
}

async function withSession(
  { graph, calibration }: { graph: Graph; calibration: Calibration },
  options: SessionOptions,
  body: (session: Session) => Promise<void>,
): Promise<void> {
  await using session = await Session.create(graph, { calibration, ...options });
  await session.initialize();
  await body(session);
}

describe.each(['cpu', 'reference'])('in int8 on %s', (device) => {
  const options = { device, precision: 'int8' } as const;

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('an input of %p is refused by name', async (value) => {
    const { net, ...parts } = await network();
    await withSession(parts, options, async (session) => {
      const bad = images.slice();
      bad[500] = value;
      const run = session.run({ x: bad }, { net });
      await expect(run).rejects.toThrow(ExecutionError);
      await expect(run).rejects.toThrow(
        /Input x has values that are NaN or infinite, which precision int8 cannot hold/,
      );
      const { net: result } = await session.run({ x: images }, { net });
      expect(result.data.some(Number.isNaN)).toBe(false);
    });
  });

  test('weights that are NaN are refused by name, until they are numbers again', async () => {
    const { net, ...parts } = await network();
    const weights = 'first/weights';
    await withSession(parts, options, async (session) => {
      const good = (await session.read(weights)) as Float32Array;
      const bad = good.slice();
      bad[5] = Number.NaN;
      await session.write(weights, bad);
      const run = session.run({ x: images }, { net });
      await expect(run).rejects.toThrow(ExecutionError);
      await expect(run).rejects.toThrow(/Variable first\/weights has values that are NaN or infinite/);
      await session.write(weights, good);
      await session.run({ x: images }, { net });
    });
  });

  test('a result that is NaN is refused by name', async () => {
    const graph = new Graph({ seed: 1 });
    const net = graph.build(() => {
      const x = slim.placeholder('float32', [3, 8, 8, 4], { name: 'x' });
      const root = slim.log(slim.placeholder('float32', [1], { name: 'negative' }));
      return slim.add(slim.conv2d(x, 8, [3, 3], { scope: 'conv' }), root);
    });
    await using wide = await Session.create(graph, { device: 'reference' });
    await wide.initialize();
    const one = Float32Array.of(1);
    const calibration = await wide.calibrate({ net }, [{ x: images, negative: one }], {
      method: 'minmax',
      keepFloat32: ['add', 'Log'],
    });
    await withSession({ graph, calibration }, options, async (session) => {
      await session.run({ x: images, negative: one }, { net });
      await expect(session.run({ x: images, negative: Float32Array.of(-1) }, { net })).rejects.toThrow(
        /Result net of a run in precision int8 has values that are NaN/,
      );
    });
  });
});

test.each(['float32', 'bfloat16'] as const)('in %s NaN goes on to the result', async (precision) => {
  const { net, ...parts } = await network();
  await withSession(parts, { device: 'reference', precision }, async (session) => {
    const bad = images.slice();
    bad[500] = Number.NaN;
    const { net: result } = await session.run({ x: bad }, { net });
    expect(result.data.some(Number.isNaN)).toBe(true);
  });
});
