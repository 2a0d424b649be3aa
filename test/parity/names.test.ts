/** Names of variables, ops, aliases and end points of small programs, against what the real TF-Slim says (scopes.json). */
import { currentGraph, type Graph, type Tensor, type Variable } from '../../lib/core/graph.js';
import { isSlimnetError } from '../../lib/errors.js';
import * as slim from '../../lib/slim/index.js';
import * as nets from '../../lib/slim/nets/index.js';
import { build, golden, images, shapesOf, smallResnet, withResnetArgScope } from './support.js';

interface Program {
  readonly program: string;
  readonly facts: unknown;
  readonly variables?: readonly unknown[];
  readonly regularizationLosses?: readonly string[];
  readonly updateOps?: number;
}

const programs = new Map(golden<{ programs: Program[] }>('scopes.json').programs.map((p) => [p.program, p]));

const matrix = () => slim.placeholder('float32', [4, 6], { name: 'matrix' });
const out = (t: Tensor) => ({ op: t.name, shape: t.shape, aliases: t.aliases });
const names = (variables: readonly Variable[]) => variables.map((v) => v.name);
const updates = () => currentGraph().getCollection('update_ops').length;
const keys = (collection: string) => Object.keys(slim.convertCollectionToDict(collection));

/** Which of Python's errors an error stands for. */
function errorOf(body: () => unknown): { error: string } {
  try {
    body();
  } catch (error) {
    if (!isSlimnetError(error)) throw error;
    return { error: /name is required/.test(error.message) ? 'TypeError' : 'ValueError' };
  }
  throw new Error('The program was expected to fail.');
}

const facts: Readonly<Record<string, () => unknown>> = {
  conv2d_twice_unnamed() {
    const x = images();
    return { outputs: [out(slim.conv2d(x, 4, 3)), out(slim.conv2d(x, 4, 3))] };
  },

  conv2d_reuse() {
    const x = images();
    return {
      outputs: [out(slim.conv2d(x, 4, 3, { scope: 'c' })), out(slim.conv2d(x, 4, 3, { scope: 'c', reuse: true }))],
    };
  },

  conv2d_forms() {
    const x = images();
    const outputs = [
      slim.conv2d(x, 4, 3, { activationFn: null, scope: 'plain' }),
      slim.conv2d(x, 4, 3, { normalizerFn: slim.batchNorm, scope: 'normalized' }),
      slim.conv2d(x, 4, 3, { normalizerFn: slim.batchNorm, activationFn: null, scope: 'both' }),
      slim.conv2d(x, 4, 3, { biasesInitializer: null, activationFn: null, scope: 'bare' }),
    ];
    return { outputs: outputs.filter((_, i) => i !== 2).map(out) };
  },

  conv2d_mixed_names() {
    const x = images();
    return { outputs: [null, 'Conv_1', null, null].map((scope) => out(slim.conv2d(x, 4, 3, { scope }))) };
  },

  regularizers_and_reuse() {
    const x = images();
    const l2 = slim.l2Regularizer(0.01);
    slim.conv2d(x, 4, 3, { scope: 'c', weightsRegularizer: l2 });
    slim.conv2d(x, 4, 3, { scope: 'c', weightsRegularizer: l2, reuse: true });
    slim.conv2d(x, 4, 3, { weightsRegularizer: l2 });
    slim.fullyConnected(matrix(), 5, { weightsRegularizer: l2, biasesRegularizer: l2 });
    slim.batchNorm(x, { paramRegularizers: { beta: slim.l1Regularizer(0.5) }, fused: false });
    return {};
  },

  batch_norm_variables() {
    const x = images();
    slim.batchNorm(x);
    slim.batchNorm(x, { scale: true });
    slim.batchNorm(x, { center: false, scale: true, scope: 'bn' });
    slim.batchNorm(x, { center: false, scale: true, scope: 'bn', reuse: true, isTraining: false });
    return { updates: updates() };
  },

  conv2d_batch_norm_twice_with_reuse() {
    const x = images();
    for (const reuse of [null, true]) slim.conv2d(x, 4, 3, { normalizerFn: slim.batchNorm, scope: 'c', reuse });
    return { updates: updates() };
  },

  default_layer_names() {
    const [x, m] = [images(), matrix()];
    const outputsCollections = 'points';
    const twice = (make: () => Tensor) => [out(make()), out(make())];
    const outputs = {
      conv2d: twice(() => slim.conv2d(x, 4, 3, { outputsCollections })),
      max_pool2d: twice(() => slim.maxPool2d(x, 2, { outputsCollections })),
      avg_pool2d: twice(() => slim.avgPool2d(x, 2, { outputsCollections })),
      flatten: twice(() => slim.flatten(x, { outputsCollections })),
      fully_connected: twice(() => slim.fullyConnected(m, 5, { outputsCollections })),
      dropout: twice(() => slim.dropout(x, { outputsCollections, isTraining: false })),
      batch_norm: twice(() => slim.batchNorm(x, { isTraining: false, outputsCollections })),
      // TensorFlow reshapes to a matrix and back, here the softmax takes any rank: the last part of the op's name is no contract.
      softmax: twice(() => slim.softmax(m)).map((o) => ({ ...o, op: o.op.replace(/Softmax$/, 'Reshape_1') })),
    };
    return { outputs, points: keys('points') };
  },

  aliases_in_scopes() {
    const x = images();
    const outputs = [null, true].flatMap((reuse) =>
      slim.variableScope('a', { reuse }, () => [
        out(slim.conv2d(x, 4, 3, { scope: 'c', outputsCollections: 'points' })),
        out(slim.maxPool2d(x, 2, { scope: 'p', outputsCollections: 'points' })),
      ]),
    );
    return { outputs, points: keys('points') };
  },

  alias_ignores_name_scope() {
    const x = images();
    return slim.nameScope('outer', () => ({
      outputs: [
        out(slim.conv2d(x, 4, 3, { scope: 'Conv', outputsCollections: 'points' })),
        out(slim.maxPool2d(x, 2, { scope: 'p', outputsCollections: 'points' })),
      ],
    }));
  },

  repeat_layers() {
    const x = images();
    const outputs = [
      slim.repeat(x, 3, slim.conv2d, 4, 3),
      slim.repeat(x, 3, slim.conv2d, 4, 3),
      slim.repeat(x, 3, slim.conv2d, 4, 3, { scope: 'conv1' }),
      slim.repeat(matrix(), 2, slim.fullyConnected, 5),
    ];
    return { outputs: outputs.map(out) };
  },

  repeat_in_scope_with_reuse() {
    const x = images();
    for (const [reuse, outputsCollections] of [
      [null, 'first'],
      [true, 'second'],
    ] as const) {
      slim.variableScope('net', { reuse }, () =>
        slim.argScope([slim.conv2d], { outputsCollections }, () =>
          slim.repeat(x, 2, slim.conv2d, 4, 3, { scope: 'conv1' }),
        ),
      );
    }
    return { first: keys('first'), second: keys('second') };
  },

  stack_layers() {
    const [x, m] = [images(), matrix()];
    const args = [
      [4, 3],
      [5, 3],
      [6, 1],
    ];
    const outputs = [
      slim.stack(m, slim.fullyConnected, [5, 6, 7]),
      slim.stack(x, slim.conv2d, args),
      slim.stack(x, slim.conv2d, args, { scope: 'conv1' }),
    ];
    return { outputs: outputs.map(out) };
  },

  nested_scopes() {
    const x = images();
    const conv = () => out(slim.conv2d(x, 4, 3));
    const first = slim.variableScope('outer', () => [...slim.variableScope('inner', () => [conv(), conv()]), conv()]);
    const second = slim.variableScope('outer', { reuse: true }, () =>
      slim.variableScope('inner', () => [conv(), conv()]),
    );
    return { outputs: [...first, ...second] };
  },

  scope_counters() {
    const opened = (...wanted: string[]) =>
      wanted.map((name) => {
        const byDefault = name.startsWith('{');
        return slim.variableScope(
          byDefault ? null : name,
          { defaultName: byDefault ? name.slice(1, -1) : undefined },
          (sc) => [sc.name, sc.originalNameScope],
        );
      });
    const root = opened('{x}', '{x}', 'x', '{x}', 'x_5', '{x}');
    return {
      root,
      ...slim.variableScope('o', () => ({
        o: opened('{x}', '{x}'),
        'o/p': slim.variableScope('p', () => opened('{x}')),
      })),
      'o again': slim.variableScope('o', () => opened('{x}', '{x}')),
      'o with reuse': slim.variableScope('o', { reuse: true }, () => opened('{x}', '{x}')),
    };
  },

  scope_objects() {
    const record = (sc: slim.VariableScope) => [sc.name, sc.originalNameScope, currentGraph().nameScope.slice(0, -1)];
    const scopes: unknown[] = [];
    const first = slim.variableScope('a', (sc) => {
      scopes.push(record(sc));
      return sc;
    });
    slim.variableScope('a', (sc) => scopes.push(record(sc)));
    slim.variableScope(first, (sc) => scopes.push(record(sc)));
    slim.variableScope('b', (b) => {
      scopes.push(record(b));
      slim.variableScope(first, (inside) => {
        scopes.push(record(inside));
        slim.variableScope('c', (c) => scopes.push(record(c)));
      });
    });
    return { scopes };
  },

  reuse_errors() {
    const x = images();
    slim.conv2d(x, 4, 3, { scope: 'c' });
    for (let i = 0; i < 2; i++)
      slim.variableScope('auto', { reuse: slim.AUTO_REUSE }, () => slim.conv2d(x, 4, 3, { scope: 'c' }));
    return {
      missing: errorOf(() => slim.conv2d(x, 4, 3, { scope: 'other', reuse: true })),
      twice: errorOf(() => slim.conv2d(x, 4, 3, { scope: 'c' })),
      unnamed: errorOf(() => slim.conv2d(x, 4, 3, { reuse: true })),
      shape: errorOf(() => slim.conv2d(x, 5, 3, { scope: 'c', reuse: true })),
      rank: errorOf(() => slim.conv2d(matrix(), 4, 3)),
      'stride and rate': errorOf(() => slim.conv2d(x, 4, 3, { stride: 2, rate: 2, scope: 'both' })),
      'no scope': errorOf(() => slim.variableScope(null, () => null)),
      'false inside true': errorOf(() =>
        slim.variableScope(slim.getVariableScope(), { reuse: true }, () =>
          slim.conv2d(x, 4, 3, { scope: 'new', reuse: false }),
        ),
      ),
    };
  },

  variables_collections() {
    const x = images();
    slim.conv2d(x, 4, 3, { scope: 'c', variablesCollections: ['all'] });
    slim.conv2d(x, 4, 3, { scope: 'd', variablesCollections: { weights: ['w'], biases: ['b', 'all'] } });
    slim.fullyConnected(matrix(), 5, { scope: 'e', trainable: false });
    return Object.fromEntries(
      ['all', 'w', 'b'].map((name) => [name, names(currentGraph().getCollection<Variable>(name))]),
    );
  },

  variable_filters() {
    const x = images();
    for (const scope of ['fc', 'fc4', 'a/fc']) slim.conv2d(x, 4, 3, { scope });
    const filters = {
      "get_variables('fc')": slim.getVariables('fc'),
      "get_variables('fc/')": slim.getVariables('fc/'),
      "get_variables('fc', 'biases')": slim.getVariables('fc', 'biases'),
      "get_variables(null, 'weights')": slim.getVariablesBySuffix('weights'),
      "get_model_variables('a')": slim.getModelVariables('a'),
      "get_variables_by_name('weights')": slim.getVariablesByName('weights'),
      "get_variables_by_name('weights', 'fc4')": slim.getVariablesByName('weights', 'fc4'),
      "get_variables_to_restore(include ['fc'])": slim.getVariablesToRestore(['fc']),
      "get_variables_to_restore(exclude ['fc4', 'a'])": slim.getVariablesToRestore(null, ['fc4', 'a']),
      "get_variables_to_restore(include ['fc4', 'a'])": slim.getVariablesToRestore(['fc4', 'a']),
    };
    return Object.fromEntries(Object.entries(filters).map(([call, found]) => [call, names(found)]));
  },

  arg_scopes() {
    interface Abcd {
      a: number | null;
      b: number | null;
      c: number[];
      d: number | number[];
    }
    const none: Abcd = { a: -1, b: -1, c: [], d: [] };
    // Slim's functions show what they were given; here a function gets its own defaults too, which are taken away again.
    const shown = (o: Abcd) =>
      Object.fromEntries(Object.entries(o).filter(([name, value]) => value !== none[name as keyof Abcd]));
    const f = slim.addArgScope('f', none, (_: number, o: Abcd) => shown(o));
    const g = slim.addArgScope('g', none, (_: number, o: Abcd) => shown(o));
    const abc = { a: 1, b: null, c: [1] };
    const capture = () => slim.argScope([f], abc, (scope) => scope);
    const flat = slim.argScope([f], abc, () => ({
      flat: f(0),
      override: f(0, { b: 2 }),
      'explicit null': f(0, { a: null }),
      nested: slim.argScope([f], { b: 2 }, () => f(0)),
      cleared: slim.argScope(slim.ArgScope.empty, () => f(0)),
    }));
    const after = f(0);
    const two = slim.argScope([f, g], { a: 1, b: null }, () =>
      slim.argScope([f], { c: [1] }, () => slim.argScope([g], { d: [2] }, () => ({ f: f(0), g: g(0) }))),
    );
    const outside = capture();
    return slim.argScope([f], { b: 2, d: 10 }, () => ({
      ...flat,
      after,
      'two functions': two,
      'captured outside': slim.argScope(outside, () => f(0)),
      'captured inside': slim.argScope(capture(), () => f(0)),
    }));
  },

  resnet_utils_names() {
    const x = images();
    return slim.argScope([slim.conv2d, slim.maxPool2d], { outputsCollections: 'points' }, () => ({
      'factor 1 is the same tensor': nets.subsample(x, 1) === x,
      outputs: [
        nets.subsample(x, 2),
        nets.subsample(x, 2, { scope: 's' }),
        nets.conv2dSame(x, 4, 3, 1, { scope: 'one' }),
        nets.conv2dSame(x, 4, 3, 2, { scope: 'two' }),
      ].map(out),
    }));
  },

  plain_stack_end_points() {
    const x = images([2, 32, 16, 3]);
    const blocks = [
      nets.resnetV1Block('block1', { baseDepth: 1, numUnits: 2, stride: 2 }),
      nets.resnetV1Block('block2', { baseDepth: 2, numUnits: 2, stride: 1 }),
    ];
    const net = slim.variableScope('tiny', () =>
      slim.argScope([slim.conv2d], { outputsCollections: 'points' }, () => nets.stackBlocksDense(x, blocks)),
    );
    return { output: out(net), points: shapesOf(slim.convertCollectionToDict('points')) };
  },

  nchw_layers() {
    const x = images([2, 3, 8, 8]);
    const nchw = { dataFormat: 'NCHW' } as const;
    const outputs = [
      slim.conv2d(x, 4, 3, nchw),
      slim.conv2d(x, 4, 3, { ...nchw, activationFn: null, stride: 2 }),
      slim.conv2d(x, 4, 3, { ...nchw, normalizerFn: slim.batchNorm, normalizerParams: nchw, scope: 'c' }),
      slim.biasAdd(x, nchw),
      slim.maxPool2d(x, 2, nchw),
      slim.avgPool2d(x, 3, { ...nchw, stride: 1, padding: 'SAME' }),
      slim.pool(x, 3, 'AVG', nchw),
      slim.batchNorm(x, nchw),
      slim.batchNorm(x, { ...nchw, fused: false }),
    ];
    const wrong = { dataFormat: 'CHWN' as never };
    return {
      outputs: outputs.slice(0, 7).map(out),
      shapes: outputs.slice(7).map((o) => o.shape),
      refused: {
        conv2d: errorOf(() => slim.conv2d(x, 4, 3, wrong)),
        max_pool2d: errorOf(() => slim.maxPool2d(x, 2, wrong)),
        avg_pool2d: errorOf(() => slim.avgPool2d(x, 2, wrong)),
        bias_add: errorOf(() => slim.biasAdd(x, wrong)),
        batch_norm: errorOf(() => slim.batchNorm(x, wrong)),
        'bias_add of a matrix': errorOf(() => slim.biasAdd(matrix(), nchw)),
      },
    };
  },

  other_layer_names() {
    const [x, labels] = [images(), slim.placeholder('int64', [3])];
    const line = slim.placeholder('float32', [2, 9, 3]);
    const outputsCollections = 'points';
    const twice = (make: () => Tensor) => [out(make()), out(make())];
    const outputs = {
      'pool MAX': twice(() => slim.pool(x, 2, 'MAX', { outputsCollections })),
      'pool AVG': twice(() => slim.pool(x, 3, 'AVG', { stride: 2, padding: 'SAME', outputsCollections })),
      'pool of rank 3': twice(() => slim.pool(line, 2, 'MAX', { stride: 2, outputsCollections })),
      one_hot_encoding: twice(() => slim.oneHotEncoding(labels, 5, { outputsCollections })),
      bias_add: twice(() => slim.biasAdd(x, { outputsCollections })),
    };
    const shapes = [[5], [5, null], [null, 3, 3, 3]];
    return {
      outputs,
      points: keys('points'),
      flatten: shapes.map((shape) => slim.flatten(slim.placeholder('float32', shape)).shape),
      refused: errorOf(() => slim.pool(matrix(), 2, 'MAX')),
    };
  },

  batch_norm_paths() {
    const [x, flag] = [images(), slim.placeholder('bool', [])];
    const batchWeights = slim.placeholder('float32', [2]);
    const ways: Readonly<Record<string, slim.Options<slim.BatchNormOptions>>> = {
      weights: { batchWeights },
      weights_flag: { batchWeights, isTraining: flag },
      flag: { isTraining: flag },
      flag_plain: { isTraining: flag, fused: false },
      flag_forced: { isTraining: flag, updatesCollections: null },
      forced_inference: { isTraining: false, updatesCollections: null },
      debias: { zeroDebiasMovingMean: true },
      debias_plain: { zeroDebiasMovingMean: true, fused: false },
      mine: { updatesCollections: 'mine' },
    };
    const counts = Object.entries(ways).map(([scope, options]) => {
      slim.batchNorm(x, { scale: true, scope, ...options });
      return [scope, [updates(), currentGraph().getCollection('mine').length]];
    });
    const refuse = (options: slim.Options<slim.BatchNormOptions>) =>
      errorOf(() => slim.batchNorm(x, { renorm: true, ...options }));
    return {
      updates: Object.fromEntries(counts),
      refused: {
        batch_weights: refuse({ batchWeights }),
        zero_debias_moving_mean: refuse({ zeroDebiasMovingMean: true }),
        updates_collections: refuse({ updatesCollections: 'other' }),
      },
    };
  },

  scope_defaults() {
    const shape = [1];
    slim.variableScope(
      'a',
      { regularizer: slim.l2Regularizer(0.5), initializer: slim.constantInitializer(3), dtype: 'float64' },
      (scope) => {
        slim.getVariable('v', { shape });
        slim.variable('w', { shape });
        slim.modelVariable('m', { shape });
        slim.variableScope('in', { regularizer: slim.l1Regularizer(0.1), dtype: 'float32' }, () =>
          slim.getVariable('u', { shape }),
        );
        slim.variableScope(scope, () => slim.getVariable('again', { shape }));
      },
    );
    return { dtypes: slim.getVariables().map((v) => v.dtype) };
  },

  local_and_global_variables() {
    const made = [slim.localVariable(1), slim.globalVariable(1), slim.localVariable(1), slim.globalVariable(1)];
    slim.variableScope('s', () => {
      made.push(slim.localVariable(1, { name: 'x' }), slim.globalVariable(1, { name: 'x' }));
      slim.getVariable('y', { shape: [] });
      made.push(slim.localVariable(1, { name: 'y' }));
    });
    slim.nameScope('n', () => made.push(slim.localVariable(1, { name: 'x' })));
    return { names: names(made), local: names(slim.getLocalVariables()) };
  },

  small_resnet_twice() {
    const x = images([2, 32, 32, 3]);
    const once = (options: slim.Options<nets.ResnetV1Options>) => {
      const { net, endPoints } = withResnetArgScope(() => smallResnet(x, { numClasses: 10, ...options }));
      const graph = currentGraph();
      return {
        output: out(net),
        predictions: endPoints.predictions?.shape,
        endPoints: shapesOf(endPoints),
        updates: updates(),
        regularizationLosses: graph.getCollection('regularization_losses').length,
        globalVariables: graph.variables.size,
        collections: graph.collectionNames.filter((name) => name.endsWith('_end_points')),
      };
    };
    return { first: once({}), second: once({ reuse: true, isTraining: false }) };
  },

  small_resnet_unnamed_and_without_arg_scope() {
    const { net, endPoints } = smallResnet(images([2, 33, 33, 3]), { numClasses: 10, scope: null });
    return { output: out(net), endPoints: shapesOf(endPoints) };
  },

  resnet_errors() {
    const attempt = (
      scope: string,
      { shape = [1, 65, 65, 3], ...options }: slim.Options<nets.ResnetV1Options> & { shape?: number[] } = {},
    ) => withResnetArgScope(() => smallResnet(images(shape), { numClasses: 10, scope, globalPool: false, ...options }));
    attempt('built');
    return {
      'output_stride 6': errorOf(() => attempt('a', { outputStride: 6 })),
      'output_stride 12': errorOf(() => attempt('b', { outputStride: 12 })),
      'output_stride 64': errorOf(() => attempt('c', { outputStride: 64 })),
      'rootless output_stride 3': errorOf(() => attempt('d', { outputStride: 3, includeRootBlock: false })),
      'reuse first': errorOf(() => attempt('e', { reuse: true })),
      'second without reuse': errorOf(() => attempt('built')),
      'rank 3': errorOf(() => attempt('f', { shape: [65, 65, 3] })),
    };
  },
};

function variableRows(graph: Graph): unknown[] {
  const model = new Set(graph.getCollection('model_variables'));
  return graph.getCollection<Variable>('variables').map((v) => [v.name, v.shape, v.trainable, model.has(v)]);
}

/** JSON has neither undefined nor typed differences: compare what it would hold. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('every program of the fixture is run', () => {
  expect(Object.keys(facts).sort()).toEqual([...programs.keys()].sort());
});

test.each(Object.entries(facts))('%s is as in TF-Slim', (name, program) => {
  const expected = programs.get(name) as Program;
  const { graph, value } = build(program);
  expect(plain(value)).toEqual(expected.facts);
  if (expected.variables !== undefined) expect(plain(variableRows(graph))).toEqual(expected.variables);
  if (expected.regularizationLosses !== undefined) {
    expect(graph.getCollection<Tensor>('regularization_losses').map((t) => t.name)).toEqual(
      expected.regularizationLosses,
    );
  }
  if (expected.updateOps !== undefined) expect(graph.getCollection('update_ops')).toHaveLength(expected.updateOps);
});

test('end points keep the order of TF-Slim', () => {
  const expected = programs.get('small_resnet_twice')?.facts as {
    first: { endPoints: object };
    second: { endPoints: object };
  };
  const { value } = build(
    facts.small_resnet_twice as () => { first: { endPoints: object }; second: { endPoints: object } },
  );
  expect(Object.keys(value.first.endPoints)).toEqual(Object.keys(expected.first.endPoints));
  expect(Object.keys(value.second.endPoints)).toEqual(Object.keys(expected.second.endPoints));
});
