/** What the tests of the losses share. */
import type { DType } from '../../../lib/core/dtype.js';
import type { Tensor } from '../../../lib/core/graph.js';
import type { ArgumentError, ShapeError } from '../../../lib/errors.js';
import * as slim from '../../../lib/slim/index.js';
import { type Device, devices, evaluate, type Feeds } from '../numbers.js';
import { build, inGraph } from '../support.js';

type Values = readonly (number | Values)[];

/** Nested values as a constant of their shape. */
export function tensor(values: Values, dtype: DType = 'float32'): Tensor {
  const shape: number[] = [];
  for (let level: number | Values | undefined = values; Array.isArray(level); level = level[0])
    shape.push(level.length);
  return slim.constant(values.flat(9) as number[], { shape, dtype });
}

export const zeros = (...shape: number[]) => slim.constant(0, { shape });

/** Integers of a shape. */
export const ints = (shape: readonly number[], values: readonly number[]) =>
  slim.constant(values, { shape, dtype: 'int32' });

/** Runs `make` in a graph of its own and gives back the values of its result. */
export async function runLoss(device: Device, make: () => Tensor, feeds: Feeds = {}): Promise<number[]> {
  const { graph, value } = build(make);
  return (await evaluate(graph, device, { value }, { feeds })).value?.data as number[];
}

/** A test of Slim's: its name, the loss, its value. */
export type Expectation = readonly [name: string, make: () => Tensor, expected: number | readonly number[]];

/** One describe block of Slim's. `refused` are the tests that assert a ValueError. */
export function suite(
  name: string,
  expectations: readonly Expectation[],
  refused: readonly (readonly [
    name: string,
    make: () => unknown,
    error: typeof ArgumentError | typeof ShapeError,
  ])[] = [],
): void {
  describe(name, () => {
    for (const device of devices) {
      test.each(expectations)(`%s (${device})`, async (_, make, expected) => {
        const values = await runLoss(device, make);
        const wanted = typeof expected === 'number' ? [expected] : expected;
        expect(values).toHaveLength(wanted.length);
        for (const [i, v] of values.entries()) expect(v).toBeCloseTo(wanted[i] as number, 3);
      });
    }
    for (const [title, make, error] of refused) {
      test(title, () => {
        expect(() => inGraph(make)).toThrow(error);
      });
    }
  });
}

export const noWeights = { weights: null as never };

/** A loss whose op must have this name. */
export function named(name: string, loss: Tensor): Tensor {
  expect(loss.name).toBe(name);
  return loss;
}
