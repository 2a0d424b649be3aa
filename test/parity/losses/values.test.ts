/** Values of losses that the real tf_slim computed (test/golden/losses.json). */
import type { TypedArray } from '../../../lib/core/dtype.js';
import { Graph, type Tensor } from '../../../lib/core/graph.js';
import * as slim from '../../../lib/slim/index.js';
import { type InputSpec, valuesOf } from '../../conformance/cases.js';
import { devices, evaluate } from '../numbers.js';
import { golden } from '../support.js';

interface GoldenLoss {
  readonly id: string;
  readonly loss: string;
  readonly inputs: readonly InputSpec[];
  readonly weights: number | InputSpec | null;
  readonly options: {
    readonly axis?: number;
    readonly epsilon?: number;
    readonly label_smoothing?: number;
    readonly reduction?: string;
  };
  readonly name: string;
  readonly value: readonly (number | string)[];
}

type AnyLoss = (predictions: Tensor, labels: Tensor, options: object) => Tensor;

const camel = (name: string) => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

describe.each(devices)('values of tf_slim on %s', (device) => {
  const { cases } = golden<{ cases: readonly GoldenLoss[] }>('losses.json');
  test.each(cases.map((item) => [item.id, item] as const))(
    '%s',
    async (_, { loss, inputs, weights, options, name, value }) => {
      const graph = new Graph();
      const feeds: Record<string, { data: TypedArray; shape: readonly number[] }> = {};
      const feed = (spec: InputSpec, input: string) => {
        feeds[input] = { data: valuesOf(numeric(spec)), shape: spec.shape };
        // The batch is open: counts must follow from the run.
        const shape = spec.shape.map((d, axis) => (axis === 0 && d !== 1 ? null : d));
        return slim.placeholder(spec.dtype ?? 'float32', shape, { name: input });
      };
      const result = graph.build(() => {
        const tensors = inputs.map((spec, i) => feed(spec, `x${i}`));
        const { reduction, ...others } = options;
        const given = {
          ...Object.fromEntries(Object.entries(others).map(([key, v]) => [camel(key), v])),
          ...(weights === null ? {} : { weights: typeof weights === 'number' ? weights : feed(weights, 'w') }),
          ...(reduction === undefined ? {} : { reduction: reduction.replace('weighted_', '') }),
        };
        const functions = slim.losses as unknown as Readonly<Record<string, AnyLoss>>;
        const call = functions[camel(loss)] as AnyLoss;
        return loss === 'compute_weighted_loss'
          ? call(tensors[0] as Tensor, given as Tensor, {})
          : call(tensors[0] as Tensor, tensors[1] as Tensor, given);
      });
      // The sums of tf.losses go by other names than Slim's.
      if (options.reduction === undefined) expect(result.name).toBe(name);
      const { y: actual } = await evaluate(graph, device, { y: result }, { feeds });
      const expected = value.map(Number);
      expect(actual?.data).toHaveLength(expected.length);
      for (const [i, v] of (actual?.data ?? []).entries()) {
        const e = expected[i] as number;
        expect(Math.abs(v - e)).toBeLessThanOrEqual(1e-5 * Math.abs(e) + 1e-6);
      }
    },
  );
});

/** Special values of a fixture as numbers. */
function numeric(spec: InputSpec): InputSpec {
  return { ...spec, special: (spec.special ?? []).map(([at, v]) => [at, Number(v)] as const) };
}
