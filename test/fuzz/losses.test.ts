/** What holds for losses and metrics of any logits, labels and weights. */
import fc from 'fast-check';
import { Graph, type Tensor } from '../../lib/core/graph.js';
import { Session } from '../../lib/runtime/session/session.js';
import * as slim from '../../lib/slim/index.js';
import { availableBackends } from '../helpers/run.js';

const devices = availableBackends().flatMap(({ name }) => (name === 'null' ? [] : [name === 'onednn' ? 'cpu' : name]));
/** SLIMNET_FUZZ_SEED draws other cases. */
const runs = { numRuns: 20, seed: Number(process.env.SLIMNET_FUZZ_SEED ?? 1) };
const { computeWeightedLoss, meanSquaredError, softmaxCrossEntropy, sparseSoftmaxCrossEntropy } = slim.losses;

/** Builds, runs once and gives back the values of each result. */
async function evaluate(
  device: string,
  body: () => Readonly<Record<string, Tensor>>,
): Promise<Record<string, number[]>> {
  const graph = new Graph();
  const session = await Session.create(graph, { device });
  try {
    const fetches = graph.build(body);
    await session.initialize();
    const results = await session.run({}, fetches);
    return Object.fromEntries(
      Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Iterable<number>, Number)]),
    );
  } finally {
    session.dispose();
  }
}

const finite = (limit: number) => fc.float({ min: -limit, max: limit, noNaN: true });
const weight = fc.oneof(fc.constant(0), fc.float({ min: Math.fround(0.01), max: 10, noNaN: true }));

/** Rows of values, a class for each row, and a weight for each row. */
const batch = fc
  .record({ rows: fc.integer({ min: 1, max: 6 }), classes: fc.integer({ min: 1, max: 7 }) })
  .chain(({ rows, classes }) =>
    fc.record({
      rows: fc.constant(rows),
      classes: fc.constant(classes),
      values: fc.array(finite(60), { minLength: rows * classes, maxLength: rows * classes }),
      others: fc.array(finite(60), { minLength: rows * classes, maxLength: rows * classes }),
      labels: fc.array(fc.integer({ min: 0, max: classes - 1 }), { minLength: rows, maxLength: rows }),
      weights: fc.array(weight, { minLength: rows, maxLength: rows }),
    }),
  );

function close(actual: number | undefined, expected: number, scale = Math.abs(expected)): void {
  expect(Math.abs((actual as number) - expected)).toBeLessThanOrEqual(1e-4 * (scale + 1));
}

describe.each(devices)('on %s', (device) => {
  test('class numbers give what one-hot labels give', async () => {
    await fc.assert(
      fc.asyncProperty(batch, async ({ rows, classes, values, labels, weights }) => {
        const { dense, sparse } = await evaluate(device, () => {
          const logits = slim.constant(values, { shape: [rows, classes] });
          const index = slim.constant(labels, { dtype: 'int64' });
          const hot = labels.flatMap((label) => Array.from({ length: classes }, (_, c) => Number(c === label)));
          const o = { weights: slim.constant(weights) };
          return {
            dense: softmaxCrossEntropy(logits, slim.constant(hot, { shape: [rows, classes], dtype: 'int32' }), o),
            sparse: sparseSoftmaxCrossEntropy(logits, index, o),
          };
        });
        close(sparse?.[0], dense?.[0] as number);
        expect(sparse?.[0]).toBeGreaterThanOrEqual(0);
      }),
      runs,
    );
  });

  test('a number as the weight scales the loss; weights of the samples are weights of all their elements', async () => {
    await fc.assert(
      fc.asyncProperty(batch, weight, async ({ rows, classes, values, others, weights }, factor) => {
        const { plain, scaled, samples, elements } = await evaluate(device, () => {
          const shape = [rows, classes];
          const [x, y] = [slim.constant(values, { shape }), slim.constant(others, { shape })];
          const full = weights.flatMap((w) => new Array<number>(classes).fill(w));
          return {
            plain: meanSquaredError(x, y),
            scaled: meanSquaredError(x, y, { weights: factor }),
            samples: meanSquaredError(x, y, { weights: slim.constant(weights) }),
            // A last dimension of 1 would be dropped.
            elements: meanSquaredError(x, y, {
              weights: slim.constant(full, { shape: classes === 1 ? [rows] : shape }),
            }),
          };
        });
        close(scaled?.[0], factor * (plain?.[0] as number));
        close(samples?.[0], elements?.[0] as number);
      }),
      runs,
    );
  });

  test('reductions are sums over the weighted elements', async () => {
    await fc.assert(
      fc.asyncProperty(batch, async ({ rows, classes, values, weights }) => {
        const found = await evaluate(device, () => {
          const losses = slim.constant(values, { shape: [rows, classes] });
          const of = (reduction: slim.losses.Reduction) =>
            computeWeightedLoss(losses, { weights: slim.constant(weights), reduction });
          return {
            none: of('none'),
            sum: of('sum'),
            mean: of('mean'),
            batch: of('sum_over_batch_size'),
            nonzero: of('sum_by_nonzero_weights'),
          };
        });
        const { none = [] } = found;
        const sum = none.reduce((a, b) => a + b, 0);
        const scale = none.reduce((a, b) => a + Math.abs(b), 0);
        const over = (divisor: number) => (divisor === 0 ? 0 : sum / divisor);
        none.forEach((v, i) => {
          close(v, (values[i] as number) * (weights[Math.floor(i / classes)] as number));
        });
        close(found.sum?.[0], sum, scale);
        close(found.mean?.[0], over(classes * weights.reduce((a, b) => a + b, 0)), scale);
        close(found.batch?.[0], over(rows * classes), scale);
        close(found.nonzero?.[0], over(classes * weights.filter((w) => w !== 0).length), scale);
      }),
      runs,
    );
  });

  test('a mean over batches is the mean over all, wherever they are cut', async () => {
    const graph = new Graph();
    const metric = graph.build(() =>
      slim.metrics.streamingMean(slim.placeholder('float32', [null], { name: 'x' }), {
        weights: slim.placeholder('float32', [null], { name: 'w' }),
      }),
    );
    const session = await Session.create(graph, { device });
    const element = fc.record({ x: finite(100), w: weight });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(element, { minLength: 1, maxLength: 4 }), { maxLength: 5 }),
        async (batches) => {
          await session.initialize();
          for (const items of batches) {
            const feed = (port: 'x' | 'w') => ({
              data: new Float32Array(items.map((e) => e[port])),
              shape: [items.length],
            });
            await session.run({ x: feed('x'), w: feed('w') }, {}, { updates: [metric.update] });
          }
          const all = batches.flat();
          const total = all.reduce((sum, { x, w }) => sum + x * w, 0);
          const count = all.reduce((sum, { w }) => sum + w, 0);
          const { y } = await session.run({}, { y: metric.value });
          close(y.data[0] as number, count === 0 ? 0 : total / count, 100);
        },
      ),
      runs,
    );
    session.dispose();
  });
});
