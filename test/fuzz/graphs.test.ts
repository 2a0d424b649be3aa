/**
 * Random small networks. The same graph runs with every intermediate result wanted (then nothing can be fused or reused) on
 * `reference`, and with few results wanted on every backend, whole and with its first steps run image by image: passes, memory
 * planning and kernels must not change the values.
 */
import '../helpers/discrete_device.js';
import { allocate, type TypedArray } from '../../lib/core/dtype.js';
import { Graph, type Tensor } from '../../lib/core/graph.js';
import type { AttrValue, Op } from '../../lib/core/op.js';
import { ShapeError } from '../../lib/errors.js';
import * as ops from '../../lib/ops/index.js';
import { encode, type PlanSplit } from '../../lib/plan/encode.js';
import { difference } from '../helpers/compare.js';
import { hash, uniform } from '../helpers/generator.js';
import { Recording } from '../helpers/recording.js';
import { addon, availableBackends, type Computation, input, observe, run, variable } from '../helpers/run.js';

/** SLIMNET_FUZZ_GRAPHS asks for more networks, SLIMNET_FUZZ_FIRST for others: the number in a failure's name. */
const graphs = Number(process.env.SLIMNET_FUZZ_GRAPHS ?? 60);
const first = Number(process.env.SLIMNET_FUZZ_FIRST ?? 0);

/** Draws of one graph: the same seed makes the same graph. */
class Dice {
  readonly #seed: number;
  #draws = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** An integer below `end`. */
  below(end: number): number {
    return Math.floor(hash(this.#draws++, 5000 + this.#seed) * end);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

/** A network under construction: every tensor so far, and the values of inputs and variables. */
class Builder {
  readonly graph = new Graph();
  readonly dice: Dice;
  readonly feeds: Record<string, Float32Array> = {};
  readonly variables: Record<string, Float32Array> = {};
  readonly tensors: Tensor[] = [];

  constructor(seed: number) {
    this.dice = new Dice(seed);
  }

  values(shape: readonly number[], scale: number, offset = 0): Float32Array {
    const data = allocate(
      'float32',
      shape.reduce((a, b) => a * b, 1),
    );
    data.set(uniform(data.length, this.dice.below(1000), scale, offset));
    return data;
  }

  image(): void {
    const { dice } = this;
    const shape = [dice.pick([1, 1, 2, 3]), 3 + dice.below(9), 3 + dice.below(9), dice.pick([1, 3, 8, 16, 17])];
    const name = `x${this.tensors.length}`;
    this.feeds[name] = this.values(shape, 1);
    this.tensors.push(input(this.graph, name, 'float32', shape));
  }

  weights(shape: readonly number[], scale: number, offset = 0): Tensor {
    const name = `v${Object.keys(this.variables).length}`;
    this.variables[name] = this.values(shape, scale, offset);
    return variable(this.graph, name, 'float32', shape);
  }

  /** Adds a node and says whether it did: a shape that does not fit adds nothing. */
  add(op: Op, inputs: readonly Tensor[], attrs: Readonly<Record<string, AttrValue>> = {}): boolean {
    try {
      this.tensors.push(this.graph.add(op, inputs, attrs).outputs[0] as Tensor);
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      return false;
    }
    return true;
  }

  /** Adds one random step behind a random tensor, most often the last. */
  step(): boolean {
    const { dice, tensors } = this;
    const x = dice.below(3) > 0 ? (tensors[tensors.length - 1] as Tensor) : dice.pick(tensors);
    const shape = x.shape as readonly number[];
    const channels = shape[shape.length - 1] as number;
    const window = { ksize: [1 + dice.below(3), 1 + dice.below(3)], strides: [1 + dice.below(2), 1 + dice.below(2)] };
    const padding = { padding: dice.pick(['SAME', 'VALID']), pads: [0, 0, 0, 0] };
    switch (dice.below(shape.length === 4 ? 14 : 7)) {
      case 0:
      case 1:
        return this.add(ops.relu, [x]);
      case 2:
        return this.add(ops.relu6, [x]);
      case 3:
        return this.add(ops.biasAdd, [x, this.weights([channels], 0.5)]);
      case 4: {
        const alike = tensors.filter((t) => t.shape.length === shape.length && t.shape.every((d, i) => d === shape[i]));
        return this.add(
          dice.pick([ops.add, ops.add, ops.sub]),
          dice.below(2) === 0 ? [x, dice.pick(alike)] : [dice.pick(alike), x],
        );
      }
      case 5:
        return this.add(ops.matmul, [x, this.weights([channels, dice.pick([1, 5, 16])], 1 / Math.sqrt(channels))]);
      case 6:
        return this.add(
          ops.batchNorm,
          [
            x,
            this.weights([channels], 0.2, 1),
            this.weights([channels], 0.1),
            this.weights([channels], 0.1),
            this.weights([channels], 0.5, 1),
          ],
          { epsilon: 1e-3 },
        );
      case 7:
        return this.add(dice.pick([ops.maxPool2d, ops.avgPool2d]), [x], { ...window, ...padding });
      case 8:
        return this.add(ops.pad, [x], {
          pads: [0, 0, dice.below(3), dice.below(3), dice.below(3), dice.below(3), 0, 0],
        });
      case 9:
        return this.add(ops.reduceMean, [x], { axes: [1, 2], keep_dims: dice.below(2) === 0 });
      default: {
        const filter = [...window.ksize, channels, dice.pick([1, 8, 16, 17, 32])];
        const fan = filter.slice(0, 3).reduce((a, b) => a * b, 1);
        const dilations = [1 + dice.below(2), 1 + dice.below(2)];
        return this.add(ops.conv2d, [x, this.weights(filter, Math.sqrt(6 / fan))], {
          strides: window.strides,
          dilations,
          ...padding,
        });
      }
    }
  }
}

function randomNetwork(seed: number): { all: Computation; few: Computation } {
  const builder = new Builder(seed);
  builder.image();
  if (builder.dice.below(4) === 0) builder.image();
  const steps = 3 + builder.dice.below(10);
  for (let i = 0; i < steps; i++) builder.step();
  const { graph, tensors, feeds, variables } = builder;
  const named = (list: readonly Tensor[]) => Object.fromEntries(list.map((t) => [`t${tensors.indexOf(t)}`, t]));
  const few = [tensors[tensors.length - 1] as Tensor, ...tensors.filter(() => builder.dice.below(6) === 0)];
  return {
    all: { graph, fetches: named(tensors), feeds, variables },
    few: { graph, fetches: named(few), feeds, variables },
  };
}

const backends = availableBackends()
  .map((b) => b.name)
  .filter((name) => name !== 'null');

const recording = new Recording('random_networks');
afterAll(() => recording.end());

/** What of all results a computation fetches. */
function fetched(all: Readonly<Record<string, TypedArray>>, { fetches }: Computation): Record<string, TypedArray> {
  return Object.fromEntries(Object.keys(fetches).map((name) => [name, all[name] as TypedArray]));
}

/** The whole batch at once, and one image at a time for up to as many steps as a network has. */
function splits(seed: number): readonly PlanSplit[] {
  return ['never', { steps: 1 + (seed % 13), images: 1 }];
}

test.each(Array.from({ length: graphs }, (_, i) => first + i))('random network %i', async (seed) => {
  const { all, few } = randomNetwork(seed);
  const expected = await run(all, 'reference');
  for (const split of splits(seed)) {
    const name = `random network ${seed}${split === 'never' ? '' : ', image by image'}`;
    const computation = { ...few, split };
    recording.add(name, { computation, measure: { relative: 1e-4 }, outputs: fetched(expected, few) });
  }
  for (const backend of backends) {
    for (const split of splits(seed)) {
      const actual = await run({ ...few, split }, backend);
      for (const [name, values] of Object.entries(actual)) {
        const found = difference(values as Float32Array, expected[name] as Float32Array, {
          relative: backend === 'reference' ? 1e-5 : 1e-4,
        });
        if (found !== null) {
          const { text } = encode({ graph: few.graph, fetches: new Map(Object.entries(few.fetches)), split });
          throw new Error(`${backend}: ${name} (${few.fetches[name]}): ${found}\n${text}`);
        }
      }
    }
  }
});

test('some random networks can be split', () => {
  const counts = Array.from({ length: 60 }, (_, seed) => {
    const { graph, fetches } = randomNetwork(seed).few;
    const split = { steps: 1 + (seed % 13), images: 1 };
    const { text } = encode({ graph, fetches: new Map(Object.entries(fetches)), split });
    return (
      addon()
        .transform(text, { backend: 'null' })
        .split(/^microbatch_loop /m).length - 1
    );
  });
  expect(counts.filter((count) => count === 1).length).toBeGreaterThan(5);
});

/**
 * How far the results of narrow networks may be off, as a share of the root mean square of the right ones: a wrong scale, sign or
 * pixel shows, the rounding of some layers with few channels does not.
 */
const narrow = { bfloat16: 0.06, int8: 0.3 } as const;

/** Values of these networks are about 1: where all of a result cancel out to less than this, its terms are what errors come from. */
const smallest = 0.05;

/** The root mean square of the errors over that of the expected values. */
function relativeError(actual: Float32Array, expected: Float32Array): number {
  let errors = 0;
  let squares = 0;
  expected.forEach((e, i) => {
    errors += ((actual[i] as number) - e) ** 2;
    squares += e ** 2;
  });
  const scale = Math.max(Math.sqrt(squares / expected.length), smallest);
  return Math.sqrt(errors / expected.length) / scale;
}

describe.each(Object.entries(narrow))('in %s', (precision, most) => {
  const offering = availableBackends().filter((b) => b.name !== 'null' && b.refused[precision] === '');

  test('is offered by the reference backend', () => {
    expect(offering.map((b) => b.name)).toContain('reference');
  });

  test.each(Array.from({ length: graphs }, (_, i) => first + i))('random network %i', async (seed) => {
    const { few } = randomNetwork(seed);
    const expected = await run(few, 'reference');
    const ranges = await observe(few, 'reference');
    recording.add(`random network ${seed}, ${precision}`, {
      computation: { ...few, precision: { precision: precision as keyof typeof narrow, ranges }, split: 'never' },
      measure: { rms: most, floor: smallest },
      outputs: expected,
    });
    for (const { name: backend } of offering) {
      for (const split of splits(seed)) {
        const narrowed = { precision: precision as keyof typeof narrow, ranges };
        const actual = await run({ ...few, precision: narrowed, split }, backend);
        for (const [name, values] of Object.entries(actual)) {
          const error = relativeError(values as Float32Array, expected[name] as Float32Array);
          if (!(error <= most)) {
            const { text } = encode({ graph: few.graph, fetches: new Map(Object.entries(few.fetches)), split });
            throw new Error(`${backend}: ${name} (${few.fetches[name]}): off by ${error} of its size\n${text}`);
          }
        }
      }
    }
  });
});
