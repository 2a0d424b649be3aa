/** Functions that TF-Slim has under several names (aliases.json). */
import { Graph } from '../../lib/core/graph.js';
import * as slim from '../../lib/slim/index.js';
import { golden } from '../helpers/golden.js';

interface Aliases {
  readonly aliases: readonly (readonly string[])[];
  readonly applied: readonly { name: string; function: string; options: Readonly<Record<string, string | null>> }[];
}

const { aliases, applied } = golden<Aliases>('aliases.json');
const ours = slim as unknown as Readonly<Record<string, unknown>>;
const camelCase = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const known = aliases.filter((names) => names.some((name) => camelCase(name) in ours));

test('what is there under one of its names is there under all of them', () => {
  expect(known.map(([first]) => first)).toEqual(expect.arrayContaining(['conv2d', 'xavier_initializer']));
  for (const names of known) expect(new Set(names.map((name) => ours[camelCase(name)])).size).toBe(1);
});

test('an arg scope of one name is one of the others', () => {
  const graph = new Graph();
  const images = graph.build(() => slim.placeholder('float32', [1, 8, 8, 3], { name: 'images' }));
  const net = graph.build(() =>
    slim.argScope([slim.convolution2d], { stride: 2, activationFn: null }, () => slim.conv2d(images, 4, 3)),
  );
  expect(net.shape).toEqual([1, 4, 4, 4]);
});

test('linear is a fully connected layer without an activation', () => {
  expect(applied).toContainEqual({ name: 'linear', function: 'fully_connected', options: { activation_fn: null } });
  const graph = new Graph();
  const net = graph.build(() => {
    const x = slim.placeholder('float32', [4, 6], { name: 'x' });
    return slim.argScope([slim.fullyConnected], { biasesInitializer: null }, () =>
      slim.repeat(slim.linear(x, 5), 2, slim.linear, 3),
    );
  });
  expect(net.shape).toEqual([4, 3]);
  expect(graph.nodes.map(({ op }) => op.name)).not.toContain('relu');
  expect([...graph.variables.keys()]).toEqual([
    'fully_connected/weights',
    'Repeat/fully_connected_1/weights',
    'Repeat/fully_connected_2/weights',
  ]);
});
