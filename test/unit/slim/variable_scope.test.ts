import { Graph, type Variable } from '../../../lib/core/graph.js';
import { ArgumentError, ScopeError } from '../../../lib/errors.js';
import * as slim from '../../../lib/slim/index.js';

const inGraph = <T>(body: () => T): T => new Graph().build(body);
const make = (name: string, options: slim.GetVariableOptions = {}): Variable =>
  slim.getVariable(name, { shape: [2], ...options });

test('variables take the prefix of their scope, ops its name scope', () => {
  inGraph(() => {
    slim.variableScope('a', () =>
      slim.variableScope('b', (sc) => {
        expect(sc.name).toBe('a/b');
        expect(make('v').name).toBe('a/b/v');
        expect(slim.constant(1).name).toBe('a/b/Const');
      }),
    );
    slim.variableScope('a', () => {
      expect(make('w').name).toBe('a/w');
      expect(slim.constant(1).name).toBe('a_1/Const');
    });
  });
});

test('reading nodes stand under the name of the variable and point at it', () => {
  inGraph(() => {
    const v = slim.nameScope('outer', () => make('v'));
    expect(v.tensor.name).toBe('v/read');
    expect(v.tensor.node.variable).toBe(v);
    expect(v.tensor.shape).toEqual([2]);
    expect(v.tensor.graph.variable('v')).toBe(v);
  });
});

test('reuse modes', () => {
  inGraph(() => {
    const v = make('v');
    expect(() => make('v')).toThrow(/Variable v already exists, disallowed/);
    const root = slim.getVariableScope();
    slim.variableScope(root, { reuse: true }, () => {
      expect(make('v')).toBe(v);
      expect(() => make('w')).toThrow(/Variable w does not exist, or was not created with getVariable/);
      slim.variableScope('inner', { reuse: false }, (sc) => expect(sc.reuse).toBe(true));
      slim.variableScope('inner', { reuse: slim.AUTO_REUSE }, (sc) => {
        expect(sc.reuse).toBe(slim.AUTO_REUSE);
        expect(make('new').name).toBe('inner/new');
        expect(make('new').name).toBe('inner/new');
      });
    });
    expect(slim.getVariableScope().reuse).toBe(null);
    expect(() => make('v')).toThrow(ScopeError);
  });
});

test('reuseVariables switches the current scope', () => {
  inGraph(() => {
    slim.variableScope('s', (sc) => {
      const v = make('v');
      sc.reuseVariables();
      expect(make('v')).toBe(v);
      slim.variableScope('inner', (inner) => expect(inner.reuse).toBe(true));
    });
    slim.variableScope('s', () => expect(() => make('v')).toThrow(/already exists/));
  });
});

test('sharing checks shape and dtype', () => {
  inGraph(() => {
    make('v');
    slim.variableScope(slim.getVariableScope(), { reuse: true }, () => {
      expect(() => make('v', { shape: [3] })).toThrow(
        'Trying to share variable v, but specified shape [3] and found shape [2]',
      );
      expect(() => make('v', { dtype: 'float64' })).toThrow('specified dtype float64 and found dtype float32');
      expect(slim.getVariable('v').shape).toEqual([2]);
    });
  });
});

test('reuse adds to no collection and no loss a second time', () => {
  const graph = new Graph();
  graph.build(() => {
    const options = { shape: [2], regularizer: slim.l2Regularizer(0.1), collections: ['variables', 'mine'] };
    slim.variableScope('s', () => slim.getVariable('v', options));
    slim.variableScope('s', { reuse: true }, () => slim.getVariable('v', options));
  });
  for (const name of ['variables', 'trainable_variables', 'mine', 'regularization_losses'])
    expect(graph.getCollection(name)).toHaveLength(1);
});

test('variables that are not trained stay out of trainable_variables', () => {
  const graph = new Graph();
  graph.build(() => make('v', { trainable: false }));
  expect(graph.getCollection('trainable_variables')).toEqual([]);
  expect(graph.getCollection('variables')).toHaveLength(1);
});

test('an initializer of values gives the shape', () => {
  inGraph(() => {
    const v = slim.getVariable('v', { initializer: slim.constantInitializer([1, 2, 3, 4], { shape: [2, 2] }) });
    expect(v.shape).toEqual([2, 2]);
    expect(Array.from(v.initialValue(v.shape, v.dtype) as Float32Array)).toEqual([1, 2, 3, 4]);
    expect(() => slim.getVariable('w', { shape: [3], initializer: slim.constantInitializer([1, 2]) })).toThrow(
      ArgumentError,
    );
    expect(() => slim.getVariable('x')).toThrow(/a shape is needed/);
  });
});

test('default names count on, and start again in a scope that is entered again', () => {
  inGraph(() => {
    const open = (name: string) => slim.variableScope(null, name, (sc) => sc.name);
    expect([open('Conv'), open('Conv')]).toEqual(['Conv', 'Conv_1']);
    slim.variableScope('o', () =>
      expect([open('x'), open('x'), slim.variableScope('p', () => open('x'))]).toEqual(['o/x', 'o/x_1', 'o/p/x']),
    );
    slim.variableScope('o', () => expect(open('x')).toBe('o/x'));
    expect(slim.variableScope('Later', () => null)).toBe(null);
    expect(open('Later')).toBe('Later_1');
  });
});

test('names and reuse are required where they are', () => {
  inGraph(() => {
    expect(() => slim.variableScope(null, () => null)).toThrow(/a name is required/);
    expect(() => slim.variableScope(null, { defaultName: 'x', reuse: true }, () => null)).toThrow(/reuse needs a name/);
    expect(() => slim.variableScope('', () => null)).toThrow(ArgumentError);
    expect(() => slim.variableScope('a b', () => null)).toThrow(ArgumentError);
    expect(() => slim.variableScope('a/', () => null)).toThrow(ArgumentError);
    expect(() => slim.variableScope(3 as never, () => null)).toThrow(ArgumentError);
    expect(() => slim.variableScope('a', { reuse: 'yes' as never }, () => null)).toThrow(/reuse/);
    expect(() => slim.variableScope('a', { reus: true } as never, () => null)).toThrow(/did you mean reuse/);
    expect(() => slim.variableScope('a', undefined as never)).toThrow(/expected a function as the body/);
    expect(() => slim.getVariable('', { shape: [] })).toThrow(ArgumentError);
  });
});

test('a scope ends when its body throws or returns a promise', () => {
  inGraph(() => {
    expect(() =>
      slim.variableScope('a', () => {
        throw new RangeError('stop');
      }),
    ).toThrow(RangeError);
    expect(() => slim.variableScope('a', async () => null)).toThrow(/returned a promise/);
    expect(slim.getVariableScope().name).toBe('');
    expect(slim.constant(1).name).toBe('Const');
  });
});

test('outside of graph.build there is no variable scope', () => {
  expect(() => slim.getVariableScope()).toThrow(ScopeError);
  expect(() => slim.placeholder('float32', [1])).toThrow(/No graph is being built here/);
});

test('two graphs do not know each other', () => {
  const [one, two] = [new Graph(), new Graph()];
  one.build(() =>
    slim.variableScope('s', () => {
      make('v');
      two.build(() => expect(make('v').name).toBe('v'));
    }),
  );
  expect([...one.variables.keys()]).toEqual(['s/v']);
  expect([...two.variables.keys()]).toEqual(['v']);
});

test('custom getters wrap each other, the innermost first', () => {
  inGraph(() => {
    const log: string[] = [];
    const getter =
      (tag: string): slim.CustomGetter =>
      (next, name, options) => {
        log.push(tag);
        return next(`${name}_${tag}`, options);
      };
    const v = slim.variableScope('a', { customGetter: getter('outer') }, () =>
      slim.variableScope('b', { customGetter: getter('inner') }, () => make('v')),
    );
    expect(log).toEqual(['inner', 'outer']);
    expect(v.name).toBe('a/b/v_inner_outer');
  });
});

test('placeholders are fed by their full name, made unique', () => {
  inGraph(() => {
    const one = slim.placeholder('float32', [null, 2], { name: 'x' });
    const two = slim.nameScope('s', () => slim.placeholder('int32', [], { name: 'x' }));
    const three = slim.placeholder('float32', [1], { name: 'x' });
    expect([one, two, three].map((t) => [t.name, t.node.attrs.name])).toEqual([
      ['x', 'x'],
      ['s/x', 's/x'],
      ['x_1', 'x_1'],
    ]);
    expect(() => slim.placeholder('float' as never, [1])).toThrow(ArgumentError);
    expect(() => slim.placeholder('float32', [-1])).toThrow(/dimensions between/);
    expect(() => slim.placeholder('float32', 3 as never)).toThrow(ArgumentError);
  });
});

test('constants check their values', () => {
  inGraph(() => {
    expect(slim.constant([1, 2, 3]).shape).toEqual([3]);
    expect(slim.constant(2, { shape: [4, 4] }).shape).toEqual([4, 4]);
    expect(slim.constant(Int32Array.of(1, 2), { dtype: 'int32' }).dtype).toBe('int32');
    expect(() => slim.constant([1, 2, 3], { shape: [2] })).toThrow(/has 2 elements, received 3 values/);
    expect(() => slim.constant(1.5, { dtype: 'int32' })).toThrow(ArgumentError);
  });
});

test('a scope gives variables an initializer, a regularizer and a dtype, and what is inside takes them over', () => {
  const graph = new Graph();
  graph.build(() => {
    const options = {
      initializer: slim.constantInitializer(3),
      regularizer: slim.l2Regularizer(0.5),
      dtype: 'float64',
    };
    slim.variableScope('a', options as slim.VariableScopeOptions, (sc) => {
      slim.getVariable('v', { shape: [1] });
      slim.variable('w', { shape: [1] });
      slim.modelVariable('m', { shape: [1] });
      slim.variableScope('in', { regularizer: slim.l1Regularizer(0.1), dtype: 'float32' }, () => {
        slim.getVariable('u', { shape: [1], initializer: slim.onesInitializer() });
      });
      slim.variableScope(sc, () => slim.getVariable('again', { shape: [1] }));
      slim.conv2d(slim.placeholder('float32', [1, 4, 4, 2]), 3, 1, { normalizerFn: slim.batchNorm });
    });
  });
  const values = [...graph.variables.values()].map((v) => [
    v.name,
    v.dtype,
    v.name.startsWith('a/Conv') ? null : Number(v.initialValue(v.shape, v.dtype)[0]),
  ]);
  expect(values).toEqual([
    ['a/v', 'float64', 3],
    ['a/w', 'float64', 3],
    ['a/m', 'float32', 3],
    ['a/in/u', 'float32', 1],
    ['a/again', 'float64', 3],
    ['a/Conv/weights', 'float32', null],
    ['a/Conv/BatchNorm/beta', 'float32', null],
    ['a/Conv/BatchNorm/moving_mean', 'float32', null],
    ['a/Conv/BatchNorm/moving_variance', 'float32', null],
  ]);
  expect(graph.getCollection<{ name: string }>('regularization_losses').map(({ name }) => name)).toEqual([
    'a/v/Regularizer/l2_regularizer',
    'a/w/Regularizer/l2_regularizer',
    'a/m/Regularizer/l2_regularizer',
    'a/in/u/Regularizer/l1_regularizer',
    'a/again/Regularizer/l2_regularizer',
    'a/Conv/weights/Regularizer/l2_regularizer',
    'a/Conv/BatchNorm/beta/Regularizer/l2_regularizer',
    'a/Conv/BatchNorm/moving_mean/Regularizer/l2_regularizer',
    'a/Conv/BatchNorm/moving_variance/Regularizer/l2_regularizer',
  ]);
  expect(() => graph.build(() => slim.variableScope('b', { dtype: 'double' as never }, () => 0))).toThrow(/dtype/);
});
