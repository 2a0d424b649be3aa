/** Every case of every op on every backend that is available here. */

import '../helpers/discrete_device.js';
import type { TypedArray } from '../../lib/core/dtype.js';
import { Graph, type Tensor } from '../../lib/core/graph.js';
import { isSlimnetError } from '../../lib/errors.js';
import { allOps } from '../../lib/ops/all.js';
import { difference, exact, type Tolerance } from '../helpers/compare.js';
import { Recording } from '../helpers/recording.js';
import { addon, availableBackends, type Computation, compile, input, variable } from '../helpers/run.js';
import { allCases } from './all_cases.js';
import { type Case, call, node, type OpCases, valuesOf } from './cases.js';

interface Results {
  readonly outputs: TypedArray[];
  readonly variables: Record<string, TypedArray>;
}

/** Results of a case on one backend, the backend's reason not to run it, or the error of the run. */
type Outcome = Results | { readonly refused: string } | { readonly failed: string };

const referenceTolerance: Tolerance = { relative: 1e-5 };
/** Of every backend but the reference. */
const backendTolerance: Tolerance = { relative: 1e-4 };

function computationOf({ op }: OpCases, test: Case): Computation {
  const graph = new Graph();
  const feeds: Record<string, TypedArray> = {};
  const variables: Record<string, TypedArray> = {};
  const results = graph.build(() => {
    const inputs = test.inputs.map((spec, i): Tensor => {
      const { shape, dtype = 'float32' } = spec;
      const name = `x${i}`;
      (spec.as === 'variable' ? variables : feeds)[name] = valuesOf(spec);
      return spec.as === 'variable' ? variable(graph, name, dtype, shape) : input(graph, name, dtype, shape);
    });
    const attrs = test.attrs ?? {};
    return test.build === undefined ? node(op, inputs, attrs) : test.build(inputs, attrs);
  });
  return { graph, fetches: Object.fromEntries(results.map((t, i) => [`y${i}`, t])), feeds, variables };
}

async function outcomeOf(cases: OpCases, test: Case, backend: string): Promise<Outcome> {
  const computation = computationOf(cases, test);
  let compiled: Awaited<ReturnType<typeof compile>>;
  try {
    compiled = await compile(computation, backend);
  } catch (error) {
    if (isSlimnetError(error) && error.code === 'ERR_COMPILE' && error.message.includes('cannot run on backend'))
      return { refused: error.message };
    throw error;
  }
  try {
    const results = await compiled.run();
    const variables = Object.keys(computation.variables ?? {});
    return {
      outputs: Object.values(results),
      variables: Object.fromEntries(variables.map((name) => [name, compiled.store.read(name)])),
    };
  } catch (error) {
    if (isSlimnetError(error) && error.code === 'ERR_EXECUTION') return { failed: error.message };
    throw error;
  } finally {
    compiled.dispose();
  }
}

function expectClose(
  actual: TypedArray | undefined,
  expected: ArrayLike<number | bigint> | undefined,
  tolerance: Tolerance,
  what: string,
): void {
  expect(actual).toBeDefined();
  expect(expected).toBeDefined();
  if (actual === undefined || expected === undefined) return;
  const found = difference(actual as ArrayLike<number>, expected, tolerance);
  if (found !== null) throw new Error(`${what}: ${found}`);
}

/** @throws unless there are results */
function resultsOf(outcome: Outcome, backend: string): Results {
  if ('refused' in outcome) throw new Error(`${backend} refuses: ${outcome.refused}`);
  if ('failed' in outcome) throw new Error(`${backend} fails: ${outcome.failed}`);
  return outcome;
}

function numbersOf(test: Case): number[][] {
  return test.inputs.map((spec) => Array.from(valuesOf(spec) as ArrayLike<number | bigint>, Number));
}

function checkExpected(test: Case, outcome: Outcome): void {
  if (test.refused !== undefined) {
    expect(outcome).toEqual({ refused: expect.stringContaining(test.refused) });
    return;
  }
  if (test.fails !== undefined) {
    expect(outcome).toEqual({ failed: expect.stringContaining(test.fails) });
    return;
  }
  const { outputs, variables } = resultsOf(outcome, 'reference');
  const tolerance = test.tolerance ?? referenceTolerance;
  const { expected, expectedVariables } = test;
  const values = typeof expected === 'function' ? expected(...numbersOf(test)) : expected;
  for (const [i, numbers] of (values ?? []).entries()) {
    expectClose(outputs[i], numbers, tolerance, `result ${i}`);
  }
  for (const [i, numbers] of Object.entries(expectedVariables?.(...numbersOf(test)) ?? {})) {
    expectClose(variables[`x${i}`], numbers, tolerance, `variable ${i}`);
  }
}

function expectSame(actual: Results, expected: Results, tolerance: Tolerance): void {
  for (const [i, values] of expected.outputs.entries()) {
    expectClose(actual.outputs[i], values as ArrayLike<number>, tolerance, `result ${i}`);
  }
  for (const [name, values] of Object.entries(expected.variables)) {
    expectClose(actual.variables[name], values as ArrayLike<number>, tolerance, name);
  }
}

const reference = new Map<Case, Promise<Outcome>>();

/** The reference's outcome, computed once for each case. */
function referenceOutcome(cases: OpCases, test: Case): Promise<Outcome> {
  const known = reference.get(test);
  if (known !== undefined) return known;
  const made = outcomeOf(cases, test, 'reference');
  reference.set(test, made);
  return made;
}

const groups = Object.values(allCases) as OpCases[];
const others = availableBackends({ incomplete: true })
  .map((b) => b.name)
  .filter((name) => name !== 'reference' && name !== 'null');

test('every op has a group of cases', () => {
  expect(groups.map((g) => g.op.name).sort()).toEqual(allOps.map((op) => op.name).sort());
  for (const group of groups) expect(group.cases.length + (group.op.internal ? 1 : 0)).toBeGreaterThan(0);
});

test('reference leaves out no op that has cases', () => {
  const leftOut = availableBackends().find(({ name }) => name === 'reference')?.leftOut;
  expect(leftOut).toBeDefined();
  expect(groups.filter((g) => g.cases.length > 0 && leftOut?.includes(g.op.name)).map((g) => g.op.name)).toEqual([]);
});

test('case names are unique within an op', () => {
  for (const { op, cases } of groups) {
    const names = cases.map((c) => c.name);
    expect([op.name, new Set(names).size]).toEqual([op.name, names.length]);
  }
});

const recording = new Recording('conformance');
afterAll(() => recording.end());

/** Records a case that runs, with the reference's results. */
function record(group: OpCases, item: Case, outcome: Outcome): void {
  if ('refused' in outcome || !recording.on) return;
  const { fails, differs, backendTolerance: measure = backendTolerance } = item;
  const drawn = item.inputs.flatMap(
    ({ dtype = 'float32', k: stream = 0, scale = 1, offset = 0, special, values }, i) =>
      dtype === 'float32' && !special?.length && values === undefined ? [[`x${i}`, { stream, scale, offset }]] : [],
  );
  recording.add(`${group.op.name}: ${item.name}`, {
    computation: computationOf(group, item),
    measure,
    drawn: Object.fromEntries(drawn),
    ...('failed' in outcome
      ? {}
      : {
          outputs: Object.fromEntries(outcome.outputs.map((values, i) => [`y${i}`, values])),
          variables: outcome.variables,
        }),
    ...(fails === undefined ? {} : { fails }),
    ...(differs === undefined ? {} : { differs }),
  });
}

describe('reference gives what is expected', () => {
  for (const group of groups) {
    for (const item of group.cases) {
      test(`${group.op.name}: ${item.name}`, async () => {
        const outcome = await referenceOutcome(group, item);
        checkExpected(item, outcome);
        record(group, item, outcome);
      });
    }
  }
});

for (const { name, reason } of addon().backends('cudnn-software')) {
  if (reason !== '') console.log(`${name} is not run: ${reason}`);
}

for (const backend of others) {
  describe(`${backend} agrees with reference`, () => {
    const refusals: string[] = [];
    const differences: string[] = [];
    let run = 0;

    afterAll(() => {
      const list = (lines: readonly string[]) => lines.map((line) => `\n  ${line}`).join('');
      const refused = `${refusals.length} were refused${list(refusals)}`;
      console.log(
        `${backend}: ${run} cases ran; ${refused}\n${differences.length} differ as documented${list(differences)}`,
      );
    });

    for (const group of groups) {
      for (const item of group.cases.filter((c) => c.refused === undefined)) {
        test(`${group.op.name}: ${item.name}`, async () => {
          const expected = await referenceOutcome(group, item);
          const actual = await outcomeOf(group, item, backend);
          if ('refused' in actual) {
            expect(actual.refused).not.toBe('');
            refusals.push(`${group.op.name}: ${item.name}: ${actual.refused}`);
            return;
          }
          run++;
          if (item.fails !== undefined) return expect(actual).toEqual(expected);
          const check = () =>
            expectSame(
              resultsOf(actual, backend),
              resultsOf(expected, 'reference'),
              item.backendTolerance ?? backendTolerance,
            );
          const reason = item.differs?.[backend];
          if (reason === undefined) return check();
          expect(check).toThrow('values differ');
          differences.push(`${group.op.name}: ${item.name}: ${reason}`);
        });
      }
    }

    test('refuses nothing that reference computes in float32', () => {
      expect(refusals.filter((reason) => !/float64\[|leaves out the op/.test(reason))).toEqual([]);
    });
  });
}

describe('null plans it', () => {
  for (const group of groups) {
    for (const item of group.cases) {
      test(`${group.op.name}: ${item.name}`, async () => {
        const outcome = await outcomeOf(group, item, 'null');
        expect(resultsOf(outcome, 'null').outputs.length).toBeGreaterThan(0);
      });
    }
  }
});

test('results do not depend on the number of threads on reference', async () => {
  const { cases } = allCases.conv2d;
  for (const item of cases.slice(0, 5)) {
    const runs = await Promise.all(
      [1, 2, 3].map(async (threads) => {
        const compiled = await compile(computationOf(allCases.conv2d, item), 'reference', threads);
        try {
          return (await compiled.run()).y0 as Float32Array;
        } finally {
          compiled.dispose();
        }
      }),
    );
    expectClose(runs[1], runs[0], exact, item.name);
    expectClose(runs[2], runs[0], exact, item.name);
  }
});

test('a plan may not hold an op that only the compiler makes', async () => {
  const graph = new Graph();
  const x = input(graph, 'x', 'float32', [2]);
  const y = graph.build(() => call(allCases.reorder.op, [x]));
  await expect(compile({ graph, fetches: { y } }, 'reference')).rejects.toMatchObject({
    code: 'ERR_PLAN',
    op: 'reorder',
  });
});
