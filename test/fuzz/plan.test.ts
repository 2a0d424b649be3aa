/**
 * Damaged plans, through the addon: each is answered by a plan or by an error of ours that names the place, never by a crash, a
 * hang or a giant allocation. test/native/ir_parse_test.cc does the same for the reader alone, with more rounds.
 */
import { gradients } from '../../lib/autodiff/index.js';
import { apply, Graph, type Tensor } from '../../lib/core/graph.js';
import { isSlimnetError } from '../../lib/errors.js';
import * as ops from '../../lib/ops/index.js';
import { encode } from '../../lib/plan/encode.js';
import { hash } from '../helpers/generator.js';
import { addon, constant, input, variable } from '../helpers/run.js';

/** SLIMNET_FUZZ_PLANS asks for more rounds, SLIMNET_FUZZ_FIRST for others: the number in a failure's name. */
const rounds = Number(process.env.SLIMNET_FUZZ_PLANS ?? 3000);
const first = Number(process.env.SLIMNET_FUZZ_FIRST ?? 0);

/** A residual unit with an update and a gradient, small enough to compile thousands of times. */
function smallPlan(): string {
  const graph = new Graph();
  const vector = (name: string) => variable(graph, name, 'float32', [4]);
  const window = { strides: [1, 1], dilations: [1, 1], padding: 'SAME', pads: [0, 0, 0, 0] } as const;
  const x = input(graph, 'x', 'float32', [1, 6, 6, 4]);
  const filter = variable(graph, 'w', 'float32', [3, 3, 4, 4]);
  const normalized = (tensor: Tensor, k: number) => {
    const statistics = { scale: vector(`gamma${k}`), offset: vector(`beta${k}`), mean: vector(`mean${k}`) };
    const convolved = apply(ops.conv2d, { x: tensor, filter }, window).y;
    return apply(ops.batchNorm, { x: convolved, ...statistics, variance: vector(`variance${k}`) }, { epsilon: 0.001 })
      .y;
  };
  const inner = apply(ops.relu, { x: normalized(x, 0) }, {}).y;
  const outer = normalized(apply(ops.relu6, { x: normalized(inner, 1) }, {}).y, 2);
  const sum = apply(ops.relu, { x: apply(ops.add, { x: inner, y: outer }, {}).z }, {}).y;
  const mean = apply(ops.reduceMean, { x: sum }, { axes: [1, 2], keep_dims: true }).y;
  const pooled = apply(ops.squeeze, { x: mean }, { axes: [1, 2] }).y;
  const scaled = apply(ops.mul, { x: pooled, y: constant(graph, 'float32', [4], [0.5, 1, 2, 1e-7]) }, {}).z;
  const kernel = variable(graph, 'kernel', 'float32', [3, 3, 4, 2]);
  const apart = apply(ops.conv2d, { x, filter: kernel }, window).y;
  const moving = vector('moving');
  const update = apply(ops.assignMovingAverage, { variable: moving, value: vector('value') }, { decay: 0.9 }).y;
  return encode({
    graph,
    fetches: new Map([
      ['y', apply(ops.softmax, { x: scaled }, {}).y],
      ['moving', moving],
      ['gradient', gradients(apart, [kernel])[0] as Tensor],
    ]),
    updates: [update],
  }).text;
}

/** A few edits that follow from the round: characters replaced, removed or put in, stretches copied, numbers made large. */
function damaged(text: string, round: number): string {
  let draws = 0;
  const below = (end: number): number => Math.floor(hash(draws++, 70_000 + round) * end);
  const alphabet = '%0123456789=,.()[]{}@"\\: \n-+eunfx\té\u{1f600}';
  let result = text;
  for (let edits = 1 + below(3); edits > 0; edits--) {
    const at = below(result.length);
    const rest = result.slice(at);
    const edit = [
      () => alphabet[below(alphabet.length)] + rest.slice(1),
      () => rest.slice(1 + below(8)),
      () => alphabet[below(alphabet.length)] + rest,
      () => text.slice(below(text.length)).slice(0, below(60)) + rest,
      () => rest.replace(/\d+/, () => String(2 ** below(60) - below(2))),
      () => rest.replace(/%\d+/, () => `%${below(40)}`),
    ][below(6)];
    result = result.slice(0, at) + (edit?.() ?? rest);
  }
  return result;
}

test('every damaged plan is compiled or refused', () => {
  const text = smallPlan();
  const native = addon();
  const expected = native.transform(text, { backend: 'null' });
  expect(expected).toContain('in_place');
  let compiled = 0;
  const refused: Record<string, number> = {};
  for (let round = first; round < first + rounds; round++) {
    try {
      native.transform(damaged(text, round), { backend: 'null' });
      compiled++;
    } catch (error) {
      const code = isSlimnetError(error) ? error.code : `round ${round}: ${String(error)}`;
      refused[code] = (refused[code] ?? 0) + 1;
    }
  }
  expect(Object.keys(refused).sort()).toEqual(['ERR_PLAN', 'ERR_SHAPE']);
  expect(compiled).toBeGreaterThan(rounds / 100);
  expect(native.transform(text, { backend: 'null' })).toBe(expected);
});

test('text that is no plan is refused', () => {
  for (const text of [
    '',
    '\n',
    'slimnet.plan 1\n',
    'slimnet.plan 99\n',
    '\0'.repeat(100),
    '%'.repeat(100_000),
    '\ud800',
  ]) {
    expect(() => addon().transform(text, { backend: 'null' })).toThrow(expect.objectContaining({ code: 'ERR_PLAN' }));
  }
});

test('a plan that claims a giant constant is compiled without making it', () => {
  const before = process.memoryUsage().rss;
  const text = [
    'slimnet.plan 1',
    '%0 = constant() {values=[1]} @"giant" : float64[1048576,1048576]',
    'output "y" %0',
    '',
  ].join('\n');
  expect(addon().transform(text, { backend: 'null' })).toContain('constant[0+8796093022208]');
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20);
});
