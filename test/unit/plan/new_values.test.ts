/** The value that a variable will have when the run has ended, in plans. */
import { apply, Graph, type Tensor, type Variable } from '../../../lib/core/graph.js';
import { PlanError } from '../../../lib/index.js';
import * as ops from '../../../lib/ops/index.js';
import { encode } from '../../../lib/plan/encode.js';
import { variable } from '../../helpers/graphs.js';

const newValue = ({ tensor }: Variable) => apply(ops.newValue, { variable: tensor }, {}).y;
const added = (tensor: Tensor, value: Tensor) => apply(ops.assignAdd, { variable: tensor, value }, {}, 'step').y;
const negative = (x: Tensor) => apply(ops.sub, { x, y: x }, {}, 'from_new').z;

/** The op of each line of a plan, without what declares inputs and results. */
function opsOf(graph: Graph, fetches: Readonly<Record<string, Tensor>>, updates: readonly Tensor[] = []): string[] {
  const { text } = encode({ graph, fetches: new Map(Object.entries(fetches)), updates });
  return text.split('\n').filter((line) => line !== '');
}

test('stands behind an update that was added later', () => {
  const graph = new Graph();
  const w = variable(graph, 'w', [2], 1);
  const read = negative(newValue(w));
  const update = added(w.tensor, w.tensor);
  expect(opsOf(graph, { read }, [update])).toEqual([
    'slimnet.plan 1',
    '%0 = variable() {name="w"} @"w/read" : float32[2]',
    '%1 = assign_add(%0, %0) {} @"step" : float32[2]',
    '%2 = sub(%1, %1) {} @"from_new" : float32[2]',
    'output "read" %2',
    'update %1',
  ]);
});

test('is what the last of several updates makes, and a fetch gives it as well', () => {
  const graph = new Graph();
  const w = variable(graph, 'w', [2], 1);
  const fetched = newValue(w);
  const [first, second] = [added(w.tensor, w.tensor), added(w.tensor, w.tensor)];
  const lines = opsOf(graph, { fetched }, [first, second]);
  expect(lines).toContain('output "fetched" %2');
  expect(lines).toContain('%2 = assign_add(%0, %0) {} @"step_1" : float32[2]');
});

test('is the value itself where the plan does not change the variable', () => {
  const graph = new Graph();
  const w = variable(graph, 'w', [2], 1);
  const read = negative(newValue(w));
  added(w.tensor, w.tensor);
  expect(opsOf(graph, { read })).toEqual([
    'slimnet.plan 1',
    '%0 = variable() {name="w"} @"w/read" : float32[2]',
    '%1 = sub(%0, %0) {} @"from_new" : float32[2]',
    'output "read" %1',
  ]);
});

test('new values of what is made of new values stand behind both', () => {
  const graph = new Graph();
  const [w, average, copy] = [variable(graph, 'w', [2], 1), variable(graph, 'a', [2], 1), variable(graph, 'c', [2], 1)];
  const second = added(copy.tensor, newValue(average));
  const first = added(average.tensor, newValue(w));
  const step = added(w.tensor, w.tensor);
  const lines = opsOf(graph, {}, [first, second, step]);
  const places = ['"step_2"', '"step_1"', '"step"'].map((name) => lines.findIndex((line) => line.includes(name)));
  expect(places).toEqual([...places].sort((x, y) => x - y));
});

test('an update that needs what it makes is refused', () => {
  const graph = new Graph();
  const w = variable(graph, 'w', [2], 1);
  const update = added(w.tensor, newValue(w));
  expect(() => opsOf(graph, {}, [update])).toThrow(PlanError);
  expect(() => opsOf(graph, {}, [update])).toThrow(/changes w needs the value that w will have then/);
});
