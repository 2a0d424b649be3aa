/**
 * The gradients of every op that has them, on the cases of its own file: in float64 on `reference` against finite differences, and in
 * float32 on all other backends against `reference`.
 */
import '../helpers/devices.js';
import { isFloating, type TypedArray } from '../../lib/core/dtype.js';
import { Graph, type Tensor } from '../../lib/core/graph.js';
import { gradients, isSlimnetError } from '../../lib/index.js';
import { allOps } from '../../lib/ops/all.js';
import { difference, type Tolerance } from '../helpers/compare.js';
import { uniform } from '../helpers/generator.js';
import { availableBackends, type Computation, compile, input, run, variable } from '../helpers/run.js';
import { allCases } from './all_cases.js';
import { type Case, node, type OpCases, valuesOf } from './cases.js';

/** Central differences: x moves by this much either way. */
const step = 1e-6;
/** Random directions in which each input moves as a whole. */
const directions = 3;

/** A case with its gradients: results y0.., the weights w0.. of the sum of all their elements, and dx0.. by input position. */
interface Differentiated {
  readonly computation: Computation;
  readonly results: Readonly<Record<string, Tensor>>;
  /** Those of the case itself. */
  readonly tensors: readonly Tensor[];
}

/** Null where no floating-point input has a gradient. */
function differentiate({ op }: OpCases, test: Case, wide: boolean): Differentiated | null {
  const graph = new Graph();
  const feeds: Record<string, TypedArray> = {};
  const variables: Record<string, TypedArray> = {};
  return graph.build(() => {
    const inputs = test.inputs.map((given, i) => {
      const { dtype = 'float32' } = given;
      const spec = wide && isFloating(dtype) ? { ...given, dtype: 'float64' as const } : { ...given, dtype };
      const asVariable = !wide && spec.as === 'variable';
      (asVariable ? variables : feeds)[`x${i}`] = valuesOf(spec);
      return (asVariable ? variable : input)(graph, `x${i}`, spec.dtype, spec.shape);
    });
    const attrs = test.attrs ?? {};
    const ys = (test.build === undefined ? node(op, inputs, attrs) : test.build(inputs, attrs)).filter((y) =>
      isFloating(y.dtype),
    );
    if (ys.length === 0) return null;
    const tensors = graph.nodes.flatMap((n) => n.outputs);
    const weights = ys.map((y, i) => {
      const shape = y.shape as readonly number[];
      feeds[`w${i}`] = valuesOf({ shape, dtype: y.dtype, k: 900 + i });
      return input(graph, `w${i}`, y.dtype, shape);
    });
    const slopes = inputs.flatMap((x, i): [string, Tensor][] => {
      const slope = isFloating(x.dtype) ? gradientOf(ys, x, weights) : null;
      return slope === null ? [] : [[`dx${i}`, slope]];
    });
    if (slopes.length === 0) return null;
    const results = Object.fromEntries(ys.map((y, i) => [`y${i}`, y]));
    return {
      computation: { graph, fetches: { ...results, ...Object.fromEntries(slopes) }, feeds, variables },
      results,
      tensors,
    };
  });
}

/** Null where the results do not depend on x. */
function gradientOf(ys: readonly Tensor[], x: Tensor, gradYs: readonly Tensor[]): Tensor | null {
  try {
    return gradients(ys, [x], { gradYs })[0] as Tensor;
  } catch (error) {
    if (isSlimnetError(error) && error.code === 'ERR_GRADIENT' && error.node === x.name) return null;
    throw error;
  }
}

function isFiniteArray(values: ArrayLike<number | bigint>): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(Number(values[i]))) return false;
  return true;
}

/** Compares with finite differences: undefined when they agree, else why they say nothing here. @throws where they disagree */
async function checkDifferences(cases: OpCases, test: Case): Promise<string | undefined> {
  const made = differentiate(cases, test, true);
  if (made === null) return 'no result depends on an input';
  const { computation, results, tensors } = made;
  if (tensors.some((t) => isFloating(t.dtype) && t.dtype !== 'float64')) return 'not all of it is float64';
  const feeds = computation.feeds as Record<string, Float64Array>;
  const slopes = await run(computation, 'reference', 1);
  if (![...Object.values(feeds), ...Object.values(slopes)].every(isFiniteArray)) return 'not all of it is finite';
  const compiled = await compile({ ...computation, fetches: results }, 'reference', 1);
  try {
    // Always the first run: random ops draw by its number.
    return await againstDifferences(test, slopes, feeds, async (changed) => {
      const values = await compiled.run({ ...feeds, ...changed }, 1);
      return Object.keys(results).reduce((total, name, i) => total + dot(values[name], feeds[`w${i}`]), 0);
    });
  } finally {
    compiled.dispose();
  }
}

/** @param loss of the feeds, some of them changed */
async function againstDifferences(
  test: Case,
  slopes: Readonly<Record<string, TypedArray>>,
  feeds: Readonly<Record<string, Float64Array>>,
  loss: (changed: Record<string, Float64Array>) => Promise<number>,
): Promise<string | undefined> {
  const here = await loss({});
  for (const name of Object.keys(feeds).filter((x) => slopes[`d${x}`] !== undefined)) {
    const x = feeds[name] as Float64Array;
    const slope = slopes[`d${name}`] as Float64Array;
    for (let k = 0; k < directions; k++) {
      const direction = uniform(x.length, 950 + k);
      const moved = (by: number) => {
        const there = new Float64Array(x.length);
        for (let i = 0; i < there.length; i++) there[i] = (x[i] as number) + by * (direction[i] as number);
        return loss({ [name]: there });
      };
      const [before, behind] = [await moved(-step), await moved(step)];
      const size = dot(slope.map(Math.abs), direction.map(Math.abs)) + 1;
      const noise = (1e-15 / step) * (Math.abs(here) + size);
      // A kink, a tie or a step between the two: seen in the values alone, whatever the gradient says.
      if (Math.abs(before - 2 * here + behind) / step > 1e-3 * size + noise) return `not smooth in ${name}`;
      const expected = (behind - before) / (2 * step);
      const actual = dot(slope, direction);
      if (Math.abs(actual - expected) > 1e-6 * size + noise)
        throw new Error(`${test.name}: the derivative along ${name} is ${expected}, the gradient gives ${actual}`);
    }
  }
  return undefined;
}

function dot(x: TypedArray | undefined, y: ArrayLike<number> | undefined): number {
  const [a, b] = [x as ArrayLike<number>, y as ArrayLike<number>];
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** Compares a backend with `reference`: undefined when they agree, else why there is nothing to compare. @throws where they differ */
async function checkBackend(cases: OpCases, test: Case, backend: string): Promise<string | undefined> {
  const made = differentiate(cases, test, false);
  if (made === null) return 'no result depends on an input';
  if (test.inputs.some(({ dtype }) => dtype === 'float64')) return 'float64';
  if (test.differs?.[backend] !== undefined) return `differs: ${test.differs[backend]}`;
  const { computation } = made;
  const feeds = [...Object.values(computation.feeds ?? {}), ...Object.values(computation.variables ?? {})];
  if (!feeds.every((values) => isFiniteArray(values as ArrayLike<number>))) return 'not all of it is finite';
  const [expected, actual] = await Promise.all([run(computation, 'reference'), run(computation, backend)]);
  const tolerance: Tolerance = { relative: Math.max(test.backendTolerance?.relative ?? 0, 1e-4) };
  for (const [name, values] of Object.entries(expected)) {
    const found = difference(actual[name] as ArrayLike<number>, values as ArrayLike<number>, tolerance);
    if (found !== null) throw new Error(`${test.name}: ${name}: ${found}`);
  }
  return undefined;
}

const groups = Object.values(allCases) as OpCases[];
const differentiable = groups.filter(({ op }) => op.differentiable === 'yes');
const others = availableBackends()
  .map((b) => b.name)
  // `discrete` computes as `reference` does.
  .filter((name) => name !== 'reference' && name !== 'null' && name !== 'discrete');

/** Runs a check on the cases of an op, of which at least one must have something to check. */
async function checkAll(
  cases: OpCases,
  unchecked: string[],
  check: (test: Case) => Promise<string | undefined>,
): Promise<void> {
  let checked = 0;
  for (const test of cases.cases.filter((c) => c.refused === undefined && c.fails === undefined)) {
    const why = await check(test);
    if (why === undefined) checked++;
    else unchecked.push(`${cases.op.name}: ${test.name}: ${why}`);
  }
  expect(checked).toBeGreaterThan(0);
}

function report(title: string, unchecked: readonly string[]): void {
  console.log(
    `${title}: nothing to check in ${unchecked.length} cases${unchecked.map((line) => `\n  ${line}`).join('')}`,
  );
}

describe('finite differences on reference', () => {
  const unchecked: string[] = [];
  afterAll(() => report('finite differences', unchecked));
  const meant = differentiable.flatMap((g) =>
    g.gradientDiffers === undefined ? [] : [`${g.op.name}: ${g.gradientDiffers}`],
  );
  test(`no derivatives are ${meant}`, () => expect(meant).toHaveLength(1));
  for (const group of differentiable.filter((g) => g.gradientDiffers === undefined))
    test(group.op.name, () => checkAll(group, unchecked, (item) => checkDifferences(group, item)));
});

for (const backend of others) {
  describe(`gradients on ${backend}`, () => {
    const unchecked: string[] = [];
    afterAll(() => report(`gradients on ${backend}`, unchecked));
    for (const group of differentiable)
      test(group.op.name, () => checkAll(group, unchecked, (item) => checkBackend(group, item, backend)));
  });
}

test('ports of an op have names of their own, also with a d before them', () => {
  for (const { name, inputs, outputs } of allOps) {
    const ports = [...inputs, ...outputs, ...outputs.map((port) => `d${port}`)];
    expect([name, new Set(ports).size]).toEqual([name, ports.length]);
  }
});
