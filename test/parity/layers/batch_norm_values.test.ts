/** Batch normalizations against the numbers of the real TF-Slim (scripts/golden/make_layers.py). */
import type { Tensor } from '../../../lib/core/graph.js';
import * as slim from '../../../lib/slim/index.js';
import { uniform } from '../../helpers/generator.js';
import { devices, largestDifference, withSession } from '../numbers.js';
import { build, golden, images } from '../support.js';

interface Run {
  readonly isTraining: boolean;
  readonly output: readonly number[];
  readonly movingMean: readonly number[];
  readonly movingVariance: readonly number[];
}

interface Golden {
  readonly id: string;
  readonly input: readonly number[];
  /** isTraining is fed. */
  readonly dynamic: boolean;
  /** updates_collections was None. */
  readonly forced: boolean;
  readonly weights: readonly number[] | null;
  readonly options: { readonly fused?: boolean; readonly data_format?: slim.DataFormat };
  readonly runs: readonly Run[];
}

const cases = golden<{ batchNorm: Golden[] }>('layers.json').batchNorm;
const modeName = 'mode';

function buildCase({ input, dynamic, forced, weights, options }: Golden) {
  return build(() => {
    const x = images(input);
    const layer = (isTraining: boolean | Tensor) =>
      slim.batchNorm(x, {
        decay: 0.9,
        scale: true,
        isTraining,
        scope: 'bn',
        reuse: slim.AUTO_REUSE,
        fused: options.fused,
        dataFormat: options.data_format,
        batchWeights: weights === null ? null : slim.constant(weights),
        ...(forced ? { updatesCollections: null } : {}),
      });
    if (!dynamic) return { training: layer(true), inference: layer(false) };
    const both = layer(slim.placeholder('bool', [], { name: modeName }));
    return { training: both, inference: both };
  });
}

describe.each(devices)('on %s', (device) => {
  test.each(cases.map((c) => [c.id, c] as const))('%s', async (_, test) => {
    const { graph, value } = buildCase(test);
    const updates = graph.getCollection<Tensor>(slim.GraphKeys.updateOps);
    const data = uniform(
      test.input.reduce((a, b) => a * b, 1),
      30,
      2,
      0.3,
    );
    await withSession(graph, device, async (session) => {
      await session.initialize();
      for (const run of test.runs) {
        const feeds = {
          images: Float32Array.from(data),
          ...(test.dynamic ? { [modeName]: Uint8Array.of(Number(run.isTraining)) } : {}),
        };
        const withUpdates = test.dynamic || run.isTraining ? updates : [];
        const y = run.isTraining ? value.training : value.inference;
        const results = await session.run(feeds, { y }, { updates: withUpdates });
        const close = (actual: unknown, expected: readonly number[]) =>
          expect(largestDifference(Array.from(actual as Float32Array), expected)).toBeLessThan(2e-5);
        close(results.y.data, run.output);
        close(session.read('bn/moving_mean'), run.movingMean);
        close(session.read('bn/moving_variance'), run.movingVariance);
      }
    });
  });
});
