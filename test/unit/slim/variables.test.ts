import { Graph } from '../../../lib/core/graph.js';
import { ArgumentError, ScopeError } from '../../../lib/errors.js';
import * as slim from '../../../lib/slim/index.js';

function withVariables<T>(body: () => T): T {
  return new Graph().build(() => {
    for (const name of ['fc/weights', 'fc4/weights', 'a/fc/weights', 'a/fc/biases'])
      slim.variable(name, { shape: [1] });
    slim.modelVariable('model/weights', { shape: [1], trainable: false });
    return body();
  });
}

const names = (variables: readonly { readonly name: string }[]) => variables.map((v) => v.name);

test('variables and model variables', () => {
  withVariables(() => {
    expect(names(slim.getModelVariables())).toEqual(['model/weights']);
    expect(names(slim.getTrainableVariables())).toEqual(['fc/weights', 'fc4/weights', 'a/fc/weights', 'a/fc/biases']);
    expect(slim.getVariables()).toHaveLength(5);
  });
});

test('variables take defaults from argument scopes', () => {
  new Graph().build(() => {
    slim.argScope(
      [slim.variable, slim.modelVariable],
      { trainable: false, initializer: slim.onesInitializer() },
      () => {
        const v = slim.modelVariable('v', { shape: [2] });
        expect(v.trainable).toBe(false);
        expect(Array.from(v.initialValue([2], 'float32') as Float32Array)).toEqual([1, 1]);
      },
    );
  });
});

test('a filter is a pattern that is anchored at the beginning', () => {
  withVariables(() => {
    expect(names(slim.getVariables('fc'))).toEqual(['fc/weights', 'fc4/weights']);
    expect(names(slim.getVariables('.*/fc'))).toEqual(['a/fc/weights', 'a/fc/biases']);
    expect(names(slim.getVariables('fc|model'))).toEqual(['fc/weights', 'fc4/weights', 'model/weights']);
    expect(names(slim.variableScope('a', (sc) => slim.getVariables(sc)))).toEqual(['a/fc/weights', 'a/fc/biases']);
    expect(names(slim.getVariablesBySuffix('biases'))).toEqual(['a/fc/biases']);
    expect(() => slim.getVariables('(')).toThrow(ArgumentError);
  });
});

test('by name: the last part or the whole, and no pattern', () => {
  withVariables(() => {
    expect(names(slim.getVariablesByName('weights', 'a'))).toEqual(['a/fc/weights']);
    expect(names(slim.getVariablesByName('fc/weights'))).toEqual(['fc/weights', 'a/fc/weights']);
    expect(slim.getVariablesByName('w.ights')).toEqual([]);
  });
});

test('the one variable of a name', () => {
  withVariables(() => {
    expect(slim.getUniqueVariable('fc/weights').name).toBe('fc/weights');
    expect(() => slim.getUniqueVariable('nothing')).toThrow(/couldn't find/);
    expect(() => slim.getUniqueVariable('a/fc')).toThrow(/does not uniquely identify/);
  });
});

test('variables to restore', () => {
  withVariables(() => {
    expect(names(slim.getVariablesToRestore(['a', 'fc4'], ['a/fc/biases']))).toEqual(['a/fc/weights', 'fc4/weights']);
    expect(slim.getVariablesToRestore()).toHaveLength(5);
    expect(() => slim.getVariablesToRestore('a' as never)).toThrow(/include: expected a list/);
    expect(() => slim.getVariablesToRestore(null, 'a' as never)).toThrow(/exclude: expected a list/);
  });
});

test('the global step has no prefix and is made once', () => {
  new Graph().build(() => {
    expect(slim.getGlobalStep()).toBeNull();
    const step = slim.variableScope('inside', { reuse: slim.AUTO_REUSE }, () => slim.getOrCreateGlobalStep());
    expect(step).toMatchObject({ name: 'global_step', dtype: 'int64', shape: [], trainable: false });
    expect(slim.getOrCreateGlobalStep()).toBe(step);
    expect(() => slim.createGlobalStep()).toThrow(ScopeError);
  });
});
