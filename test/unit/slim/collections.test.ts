import { Graph } from '../../../lib/core/graph.js';
import { ArgumentError } from '../../../lib/errors.js';
import * as slim from '../../../lib/slim/index.js';

test('an alias loses one trailing slash and is given only where something is collected', () => {
  const graph = new Graph();
  graph.build(() => {
    const [a, b] = [slim.constant(1), slim.constant(2)];
    expect(slim.collectNamedOutputs(null, 'a', a)).toBe(a);
    expect(slim.collectNamedOutputs([], 'a', a).aliases).toEqual([]);
    slim.collectNamedOutputs(['x', 'y'], 'a//', a);
    slim.collectNamedOutputs('x', 'b', b);
    expect(a.aliases).toEqual(['a/']);
    expect(slim.convertCollectionToDict('x')).toEqual({ 'a/': a, b });
    expect(graph.getCollection('y')).toEqual([a]);
  });
});

test("a dictionary has every alias, names where there is none, and the last of equal keys at the first one's place", () => {
  const graph = new Graph();
  graph.build(() => {
    const [a, b, c] = [slim.constant(1), slim.constant(2), slim.constant(3, { name: 'plain' })];
    slim.collectNamedOutputs('x', 'unit', a);
    a.aliases.push('block');
    slim.collectNamedOutputs('x', 'other', b);
    graph.addToCollection('x', c);
    slim.collectNamedOutputs('x', 'unit', c);
    const dict = slim.convertCollectionToDict('x', { clear: true });
    expect(Object.keys(dict)).toEqual(['unit', 'block', 'other']);
    expect(dict.unit).toBe(c);
    expect(graph.getCollection('x')).toEqual([]);
  });
});

test('a tensor without an alias stands under its own name', () => {
  const graph = new Graph();
  graph.build(() => {
    const { values, indices } = slim.topK(slim.constant([1, 2]), 1);
    for (const tensor of [values, indices]) graph.addToCollection('x', tensor);
    expect(Object.keys(slim.convertCollectionToDict('x'))).toEqual(['TopK', 'TopK:1']);
  });
});

test('wrong collections are refused', () => {
  new Graph().build(() => {
    expect(() => slim.collectNamedOutputs([3] as never, 'a', slim.constant(1))).toThrow(ArgumentError);
    expect(() =>
      slim.conv2d(slim.placeholder('float32', [1, 4, 4, 1]), 1, 3, { outputsCollections: 3 as never }),
    ).toThrow(/outputsCollections/);
    expect(() =>
      slim.conv2d(slim.placeholder('float32', [1, 4, 4, 1]), 1, 3, { variablesCollections: { weights: 3 } as never }),
    ).toThrow(/variablesCollections/);
    slim.getVariable('v', { shape: [1], collections: ['mixed'] });
    expect(() => slim.convertCollectionToDict('mixed')).toThrow(/holds something that is no tensor/);
  });
});
