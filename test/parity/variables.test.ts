/** What TF-Slim's variables_test.py asserts of variables, their collections and their names. */
import { Graph, type Variable } from '../../lib/core/graph.js';
import { ScopeError, ShapeError } from '../../lib/errors.js';
import * as slim from '../../lib/slim/index.js';
import { inGraph } from './support.js';

const { GraphKeys } = slim;

const collection = (name: string) => slim.getVariables(null, null, name);
const vector = { shape: [5] };

/** One variable in each of the scopes A and B. */
function inBoth(make: () => Variable): readonly [Variable, Variable] {
  return [slim.variableScope('A', make), slim.variableScope('B', make)];
}

describe('local variables', () => {
  test('test_local_variable', () => {
    inGraph(() => {
      expect(slim.getLocalVariables()).toEqual([]);
      const made = [slim.localVariable(42), slim.localVariable(43)];
      expect(slim.getLocalVariables()).toEqual(made);
      expect(made.map(({ name, trainable, shape }) => ({ name, trainable, shape }))).toEqual([
        { name: 'Variable', trainable: false, shape: [] },
        { name: 'Variable_1', trainable: false, shape: [] },
      ]);
    });
  });

  test('testLocalVariableNameAndShape', () => {
    inGraph(() => {
      const a = slim.variableScope('A', () => slim.localVariable([1, 1, 1, 1, 1], { name: 'a' }));
      expect([a.name, a.shape]).toEqual(['A/a', [5]]);
      expect(slim.getLocalVariables()).toEqual([a]);
    });
  });

  test('testLocalVariableNotInAllVariables, testLocalVariableNotInVariablesToRestore', () => {
    inGraph(() => {
      const a = slim.variableScope('A', () => slim.localVariable(0));
      expect(collection(GraphKeys.globalVariables)).toEqual([]);
      expect(slim.getVariablesToRestore()).toEqual([]);
      expect(collection(GraphKeys.localVariables)).toEqual([a]);
    });
  });

  test('testGetVariablesDontReturnsTransients, testGetLocalVariablesReturnsTransients', () => {
    inGraph(() => {
      const [a, b] = inBoth(() => slim.localVariable(0));
      expect([slim.getVariables('A'), slim.getVariables('B')]).toEqual([[], []]);
      expect([slim.getLocalVariables('A'), slim.getLocalVariables('B')]).toEqual([[a], [b]]);
    });
  });

  test('testInitializedVariableValue', () => {
    inGraph(() => {
      const a = slim.localVariable([1, 2, 3], { name: 'a' });
      expect(Array.from(a.initialValue(a.shape, a.dtype) as Float32Array)).toEqual([1, 2, 3]);
      const b = slim.localVariable(slim.onesInitializer(), { name: 'b', shape: [2], dtype: 'int64' });
      expect(Array.from(b.initialValue(b.shape, b.dtype) as BigInt64Array)).toEqual([1n, 1n]);
    });
  });

  test('a second one of a name gets a suffix, beside those of getVariable too', () => {
    inGraph(() => {
      slim.variableScope('A', () => {
        slim.getVariable('v', { shape: [] });
        expect(slim.localVariable(0, { name: 'v' }).name).toBe('A/v_1');
      });
      slim.nameScope('B', () => expect(slim.localVariable(0, { name: 'v' }).name).toBe('B/v'));
    });
  });
});

describe('global variables', () => {
  test('test_global_variable, testVariableNameAndShape', () => {
    inGraph(() => {
      const first = slim.globalVariable(42);
      const a = slim.variableScope('A', () => slim.globalVariable([1, 1, 1, 1, 1], { name: 'a' }));
      expect([a.name, a.shape, a.trainable]).toEqual(['A/a', [5], false]);
      expect(slim.getVariables()).toEqual([first, a]);
    });
  });

  test('testGlobalVariableNotInLocalVariables, testGlobalVariableInVariablesToRestore', () => {
    inGraph(() => {
      const a = slim.variableScope('A', () => slim.globalVariable(0));
      expect(slim.getLocalVariables()).toEqual([]);
      expect(slim.getVariablesToRestore()).toEqual([a]);
    });
  });

  test('testGetVariablesReturnsThem, testGetLocalVariablesDontReturnsThem', () => {
    inGraph(() => {
      const [a, b] = inBoth(() => slim.globalVariable(0));
      expect([slim.getVariables('A'), slim.getVariables('B')]).toEqual([[a], [b]]);
      expect([slim.getLocalVariables('A'), slim.getLocalVariables('B')]).toEqual([[], []]);
    });
  });
});

describe('the global step', () => {
  const stepInto = (collections: readonly string[], options: { dtype: 'int32' | 'float32'; shape: number[] }) =>
    slim.variable('global_step', { ...options, initializer: slim.zerosInitializer(), trainable: false, collections });
  const collections = [GraphKeys.globalVariables, GraphKeys.globalStep];

  test('test_invalid_dtype', () => {
    inGraph(() => {
      expect(slim.getGlobalStep()).toBeNull();
      slim.globalVariable(0, { name: 'global_step' });
      expect(() => slim.getGlobalStep()).toThrow(ShapeError);
      expect(() => slim.getGlobalStep()).toThrow(/does not have integer type/);
    });
  });

  test('test_invalid_shape', () => {
    inGraph(() => {
      stepInto(collections, { dtype: 'int32', shape: [1] });
      expect(() => slim.getGlobalStep()).toThrow(/not scalar/);
    });
  });

  test('test_create_global_step', () => {
    const graph = new Graph();
    graph.build(() => {
      expect(slim.createGlobalStep()).toMatchObject({ name: 'global_step', dtype: 'int64', shape: [] });
      expect(() => slim.createGlobalStep()).toThrow(ScopeError);
      expect(() => slim.createGlobalStep()).toThrow(/already exists/);
    });
    expect(() => slim.createGlobalStep(graph)).toThrow(/already exists/);
    expect(slim.createGlobalStep(new Graph()).name).toBe('global_step');
  });

  test('test_get_global_step', () => {
    const graph = new Graph();
    const step = graph.build(() => stepInto(collections, { dtype: 'int32', shape: [] }));
    expect(slim.getGlobalStep(graph)).toBe(step);
    expect(slim.assertOrGetGlobalStep(graph)).toBe(step);
    expect(() =>
      slim.assertOrGetGlobalStep(
        graph,
        graph.build(() => slim.constant(0)),
      ),
    ).toThrow(/integer type/);
  });

  test('test_get_or_create_global_step', () => {
    const graph = new Graph();
    const step = slim.getOrCreateGlobalStep(graph);
    expect(slim.getOrCreateGlobalStep(graph)).toBe(step);
    expect(graph.build(() => slim.getVariables())).toEqual([step]);
  });
});

describe('variables', () => {
  test('testCreateVariable', () => {
    inGraph(() => {
      const a = slim.variableScope('A', () => slim.variable('a', vector));
      expect([a.name, a.shape]).toEqual(['A/a', [5]]);
      expect(collection(GraphKeys.globalVariables)).toEqual([a]);
      expect(collection(GraphKeys.modelVariables)).toEqual([]);
      expect(collection(GraphKeys.localVariables)).toEqual([]);
    });
  });

  test('testGetVariables, testGetVariablesWithScope, testGetVariablesSuffix', () => {
    inGraph(() => {
      const [a, b] = slim.variableScope('A', (sc) => {
        const made = [slim.variable('a', vector), slim.variable('b', vector)];
        expect(slim.getVariables(sc)).toEqual(made);
        return made;
      });
      const c = slim.variableScope('B', () => slim.variable('c', vector));
      expect(slim.getVariables()).toEqual([a, b, c]);
      expect([slim.getVariables('A'), slim.getVariables('B')]).toEqual([[a, b], [c]]);
      expect([slim.getVariables(null, 'a'), slim.getVariables(null, 'b')]).toEqual([[a], [b]]);
    });
  });

  test('testGetVariableWithSingleVar, testGetVariableWithDistractors', () => {
    inGraph(() => {
      const a = slim.variableScope('parent', () => {
        const child = slim.variable('child', vector);
        slim.variableScope('child', () => [slim.variable('grandchild1', vector), slim.variable('grandchild2', vector)]);
        return child;
      });
      expect(slim.getUniqueVariable('parent/child')).toBe(a);
    });
  });

  test('testGetVariableThrowsExceptionWithNoMatch, testGetThrowsExceptionWithChildrenButNoMatch', () => {
    inGraph(() => {
      slim.variableScope('parent/child', () => slim.variable('grandchild1', vector));
      expect(() => slim.getUniqueVariable('cant_find_me')).toThrow(/couldn't find/i);
      expect(() => slim.getUniqueVariable('parent/child')).toThrow(/does not uniquely identify a variable/);
    });
  });

  test('variables to restore: include and exclude, by scope and by name', () => {
    inGraph(() => {
      const [a, b] = slim.variableScope('A', () => [slim.variable('a', vector), slim.variable('b', vector)]);
      const [c, d] = slim.variableScope('B', () => [slim.variable('c', vector), slim.variable('d', vector)]);
      expect(slim.getVariablesToRestore()).toEqual([a, b, c, d]);
      expect(slim.getVariablesToRestore(['A'])).toEqual([a, b]);
      expect(slim.getVariablesToRestore(null, ['B'])).toEqual([a, b]);
      expect(slim.getVariablesToRestore(['a'])).toEqual([]);
      expect(slim.getVariablesToRestore(['A/a', 'B/c'])).toEqual([a, c]);
      expect(slim.getVariablesToRestore(null, ['A/a', 'B/c'])).toEqual([b, d]);
    });
  });

  test('testReuseVariable', () => {
    inGraph(() => {
      const a = slim.variableScope('A', () => slim.variable('a', { shape: [] }));
      const b = slim.variableScope('A', { reuse: true }, () => slim.variable('a', { shape: [] }));
      expect(b).toBe(a);
      expect(slim.getVariables()).toEqual([a]);
    });
  });

  test('testVariableWithRegularizer', () => {
    const graph = new Graph();
    graph.build(() =>
      slim.variableScope('A', () => slim.variable('a', { shape: [], regularizer: slim.l2Regularizer(0.5) })),
    );
    expect(graph.getCollection<{ name: string }>(GraphKeys.regularizationLosses).map(({ name }) => name)).toEqual([
      'A/a/Regularizer/l2_regularizer',
    ]);
  });

  test('a getter of its own is called in place of getVariable', () => {
    inGraph(() => {
      const asked: string[] = [];
      const customGetter: slim.VariableGetter = (name, options) => {
        asked.push(name);
        return slim.getVariable(`${name}_custom`, options);
      };
      expect(slim.modelVariable('v', { ...vector, customGetter }).name).toBe('v_custom');
      expect(asked).toEqual(['v']);
    });
  });
});

describe('model variables', () => {
  test('testNameAndShape, testNotInLocalVariables, testGetVariablesReturns, testGetModelVariables', () => {
    inGraph(() => {
      const [a, b] = inBoth(() => slim.modelVariable('a', vector));
      expect([a.name, a.shape]).toEqual(['A/a', [5]]);
      expect([slim.getVariables('A'), slim.getVariables('B')]).toEqual([[a], [b]]);
      expect([slim.getModelVariables('A'), slim.getModelVariables('B')]).toEqual([[a], [b]]);
      expect(slim.getLocalVariables()).toEqual([]);
    });
  });

  test('testGetTrainableVariables', () => {
    inGraph(() => {
      const [a, b] = inBoth(() => {
        slim.localVariable([5]);
        return slim.variable('a', vector);
      });
      expect([slim.getTrainableVariables('A'), slim.getTrainableVariables('B')]).toEqual([[a], [b]]);
    });
  });

  test('addModelVariable adds once', () => {
    inGraph(() => {
      const a = slim.variable('a', vector);
      slim.addModelVariable(a);
      slim.addModelVariable(a);
      expect(slim.getModelVariables()).toEqual([a]);
    });
  });
});

describe('collections of variables', () => {
  test('testVariableCollection, testVariableCollections: they take the place of `variables`', () => {
    inGraph(() => {
      const a = slim.variable('a', { shape: [], collections: 'A' });
      const b = slim.variable('b', { shape: [], collections: ['B', 'C'] });
      const c = slim.variable('c', { shape: [], collections: ['C', 'C'] });
      expect([collection('A'), collection('B'), collection('C')]).toEqual([[a], [b], [b, c]]);
      expect(slim.getVariables()).toEqual([]);
      expect(slim.getTrainableVariables()).toEqual([a, b, c]);
    });
  });

  test('testVariableCollectionsWithArgScope, ...Nested, ...NonNested', () => {
    inGraph(() => {
      const within = <T>(collections: string, body: () => T): T =>
        slim.argScope([slim.variable], { collections }, body);
      const [a, b] = within('A', () => [
        slim.variable('a', { shape: [] }),
        within('B', () => slim.variable('b', { shape: [] })),
      ]);
      const d = within('B', () => slim.variable('d', { shape: [] }));
      slim.variable('c', { shape: [] });
      expect([collection('A'), collection('B')]).toEqual([[a], [b, d]]);
    });
  });

  test('testVariableRestoreWithArgScopeNested', () => {
    inGraph(() => {
      const a = slim.variable('a', { shape: [] });
      const b = slim.argScope([slim.variable], { trainable: false, collections: ['A', 'B'] }, () =>
        slim.variable('b', { shape: [] }),
      );
      const c = slim.variable('c', { shape: [], trainable: false });
      expect(slim.getVariablesToRestore()).toEqual([a, c]);
      expect(slim.getTrainableVariables()).toEqual([a]);
      expect([collection('A'), collection('B')]).toEqual([[b], [b]]);
    });
  });
});

describe('variables by suffix and by name', () => {
  const made = (body: (a: Variable, fooa: Variable, a2: Variable) => void): void =>
    inGraph(() => {
      const [a, fooa] = slim.variableScope('A', () => [slim.variable('a', vector), slim.variable('fooa', vector)]);
      body(a as Variable, fooa as Variable, slim.variable('B/a', vector));
    });

  test('GetVariablesBySuffixTest', () => {
    made((a, fooa, a2) => {
      expect(slim.getVariablesBySuffix('a')).toEqual([a, fooa, a2]);
      expect(slim.getVariablesBySuffix('/a')).toEqual([a, a2]);
      expect(slim.getVariablesBySuffix('a', 'A')).toEqual([a, fooa]);
      expect(slim.getVariablesBySuffix('fooa')).toEqual([fooa]);
    });
  });

  test('GetVariablesByNameTest', () => {
    made((a, fooa, a2) => {
      expect(slim.getVariablesByName('a')).toEqual([a, a2]);
      expect(slim.getVariablesByName('fooa')).toEqual([fooa]);
      expect(slim.getVariablesByName('/a')).toEqual([]);
      expect(slim.getVariablesByName('a', 'A')).toEqual([a]);
    });
  });

  test('GetVariableFullNameTest', () => {
    made((a) => expect(slim.getVariableFullName(a)).toBe('A/a'));
  });
});

test.each<[string, slim.Options<slim.FilterVariablesOptions>, string]>([
  ['testNoFiltering', {}, 'conv1/weights conv1/biases conv2/weights conv2/biases clfs/weights clfs/biases'],
  ['testIncludeBiases', { includePatterns: ['biases'] }, 'conv1/biases conv2/biases clfs/biases'],
  ['testExcludeWeights', { excludePatterns: ['weights'] }, 'conv1/biases conv2/biases clfs/biases'],
  ['testExcludeWeightsAndConv1', { excludePatterns: ['weights', 'conv1'] }, 'conv2/biases clfs/biases'],
  [
    'testTwoIncludePatternsEnsureNoVariablesTwiceInFilteredList',
    { includePatterns: ['conv1', 'weights'] },
    'conv1/weights conv1/biases conv2/weights clfs/weights',
  ],
  ['testIncludeConv1ExcludeBiases', { includePatterns: ['conv1'], excludePatterns: ['biases'] }, 'conv1/weights'],
  [
    'testRegMatchIncludeBiases',
    { includePatterns: ['.*biases'], regSearch: false },
    'conv1/biases conv2/biases clfs/biases',
  ],
  ['testRegMatchIncludeBiasesWithIncompleteRegExpHasNoMatches', { includePatterns: ['biases'], regSearch: false }, ''],
])('FilterVariablesTest: %s', (_, options, expected) => {
  inGraph(() => {
    const variables = ['conv1', 'conv2', 'clfs'].flatMap((scope) =>
      ['weights', 'biases'].map((name) => slim.globalVariable(0, { name: `${scope}/${name}` })),
    );
    const kept = slim.filterVariables(variables, options).map(({ name }) => name);
    expect(kept).toEqual(expected.split(' ').filter((name) => name !== ''));
  });
});
