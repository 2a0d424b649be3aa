import {
  matchVariables,
  type NameMap,
  type RestorePlan,
  type RestoreSource,
} from '../../../../lib/checkpoint/index.js';
import { CheckpointError } from '../../../../lib/errors.js';
import { kerasNames, pytorchNames } from '../../../../lib/model/weights/naming.js';
import { assertAllTaken, weightsOf } from '../../../../lib/model/weights/network_weights.js';
import * as slim from '../../../../lib/slim/index.js';
import * as nets from '../../../../lib/slim/nets/index.js';
import {
  type ForeignNetwork,
  type ForeignTensor,
  foreignEpsilons,
  foreignNetworks,
  foreignTensors,
} from '../../../helpers/foreign_weights.js';
import { build, images } from '../../../parity/support.js';

const names = Object.keys(foreignNetworks) as ForeignNetwork[];

function mapOf(name: nets.NetworkName): NameMap {
  return nets.networks[name].library === 'keras' ? kerasNames : pytorchNames;
}

/** What `loadModel` finds in a checkpoint. */
function found(name: nets.NetworkName, { path, tensors }: RestoreSource, wanted = {}, isObjectBased = false) {
  return weightsOf(nets.network(name), { path, variables: tensors, isObjectBased }, wanted);
}

/** What is left over when a network takes what is its own. */
function check(name: nets.NetworkName, source: RestoreSource): void {
  const weights = found(name, source);
  const plan = matchVariables(variablesOf(name, weights.classes ?? 1000), source, {
    nameMap: weights.nameMap as NameMap,
  });
  expect(plan.explain()).toMatch(/^\d+ variables fit/);
  expect(plan.ok).toBe(true);
  assertAllTaken(weights, plan, source.tensors);
}

function variablesOf(name: nets.NetworkName, numClasses = 1000) {
  const { build: builder, argScope } = nets.network(name);
  const { graph } = build(() =>
    slim.argScope(argScope(), () => builder(images([1, 224, 224, 3]), { numClasses, isTraining: false })),
  );
  return [...graph.variables.values()];
}

function sourceOf(tensors: readonly ForeignTensor[], rename = (name: string) => name): RestoreSource {
  const infos = tensors.map(({ name, dtype, shape }) => ({ name: rename(name), dtype, shape, bytes: 0 }));
  return { path: 'm.safetensors', format: 'safetensors', tensors: new Map(infos.map((info) => [info.name, info])) };
}

function planOf(name: nets.NetworkName, source: RestoreSource, nameMap = mapOf(name)): RestorePlan {
  return matchVariables(variablesOf(name), source, { nameMap });
}

describe.each(names)('%s', (name) => {
  test('takes every tensor of its library once, but for counters of training', () => {
    const tensors = foreignTensors(name);
    const plan = planOf(name, sourceOf(tensors));
    expect(plan.explain()).toMatch(/^\d+ variables fit/);
    expect(plan.ok).toBe(true);
    const taken = plan.assignments.flatMap(({ tensor, minus }) => (minus === undefined ? [tensor] : [tensor, minus]));
    const wanted = tensors.filter(({ name: tensor }) => !tensor.endsWith('num_batches_tracked'));
    expect([...taken].sort()).toEqual(wanted.map(({ name: tensor }) => tensor).sort());
    check(name, sourceOf(tensors));
  });

  test('adds to variances what its library adds', () => {
    const { build: builder, argScope } = nets.network(name);
    const { graph } = build(() =>
      slim.argScope(argScope(), () => builder(images([1, 64, 64, 3]), { isTraining: false })),
    );
    const norms = graph.nodes.filter(({ op }) => op.name === 'batch_norm');
    expect([...new Set(norms.map(({ attrs }) => attrs.epsilon))]).toEqual(foreignEpsilons(name));
  });

  test('has variables of the names of resnet_v1', () => {
    for (const { name: variable } of variablesOf(name))
      expect(variable).toMatch(
        new RegExp(
          `^${name}/(conv1|logits|block[1-4]/unit_\\d+/(bottleneck|basic)_v1/(conv[123]|shortcut))/(weights|biases|BatchNorm/\\w+)$`,
        ),
      );
  });
});

/** Names of transformers for those of torchvision. */
function asTransformers(name: string): string {
  return name
    .replace(/^conv1\./, 'resnet.embedder.embedder.convolution.')
    .replace(/^bn1\./, 'resnet.embedder.embedder.normalization.')
    .replace(/^layer(\d)\.(\d+)\.(.*)$/, (_, stage, layer, rest: string) => {
      const part = rest
        .replace(/^downsample\.0/, 'shortcut.convolution')
        .replace(/^downsample\.1/, 'shortcut.normalization')
        .replace(/^conv(\d)/, (__, conv) => `layer.${conv - 1}.convolution`)
        .replace(/^bn(\d)/, (__, conv) => `layer.${conv - 1}.normalization`);
      return `resnet.encoder.stages.${stage - 1}.layers.${layer}.${part}`;
    })
    .replace(/^fc\./, 'classifier.1.');
}

test.each(['resnet_18', 'resnet_50'] as const)('%s: transformers calls its tensors so', (name) => {
  const renamed = foreignTensors(name).map(({ name: tensor }) => asTransformers(tensor));
  expect(renamed.sort()).toEqual(
    foreignTensors(name, 1000, 'transformers')
      .map((tensor) => tensor.name)
      .sort(),
  );
});

const headless = (tensors: readonly ForeignTensor[]) =>
  tensors.filter(({ name }) => !/^(fc|predictions)[./]/.test(name));

describe.each([
  ['module.', 'resnet_18', (tensor: string) => `module.${tensor}`],
  ['model.', 'resnet_50', (tensor: string) => `model.${tensor}`],
  ['_orig_mod.', 'resnet_18', (tensor: string) => `_orig_mod.${tensor}`],
  ['module._orig_mod.model.backbone.', 'resnet_18', (tensor: string) => `module._orig_mod.model.backbone.${tensor}`],
  ['resnet.', 'resnet_18', asTransformers],
  ['resnet.', 'resnet_50', asTransformers],
  ['', 'resnet_50', (tensor: string) => asTransformers(tensor).replace(/^resnet\./, '')],
  ['model.resnet.', 'resnet_34', (tensor: string) => `model.${asTransformers(tensor)}`],
  ['', 'keras_resnet_50', (tensor: string) => `${tensor}:0`],
  ['', 'keras_resnet_50', (tensor: string) => `${tensor.split('/')[0]}/${tensor}:0`],
  ['resnet50/', 'keras_resnet_50', (tensor: string) => `resnet50/${tensor}`],
  ['sequential/resnet50/', 'keras_resnet_101', (tensor: string) => `sequential/resnet50/${tensor}:0`],
] as const)('names below the prefix %j', (prefix, name, rename) => {
  test(`are found for ${name}, such as ${rename('conv1.weight')}`, () => {
    const source = sourceOf(foreignTensors(name), rename);
    expect(planOf(name, source).ok).toBe(true);
    expect(found(name, source)).toMatchObject({ layout: nets.networks[name].library, prefix, classes: 1000 });
    check(name, source);
  });

  test('without a last layer: there are no classes', () => {
    const source = sourceOf(headless(foreignTensors(name)), rename);
    expect(found(name, source)).toMatchObject({ prefix, classes: 0 });
    check(name, source);
  });
});

describe('the last layer', () => {
  const trunk = headless(foreignTensors('resnet_18'));
  const dense = (name: string, shape: readonly number[]) => [
    { name: `${name}.weight`, shape, dtype: 'float32' as const },
    { name: `${name}.bias`, shape: [shape[0] as number], dtype: 'float32' as const },
  ];

  test.each(['fc', 'fc.1', 'last_linear', 'head.fc', 'classifier', 'classifier.1', 'head'])(
    'may be called %s, below the prefix of all others or beside them',
    (head) => {
      for (const layer of [`backbone.${head}`, head]) {
        const tensors = [
          ...trunk.map((tensor) => ({ ...tensor, name: `backbone.${tensor.name}` })),
          ...dense(layer, [7, 512]),
        ];
        expect(found('resnet_18', sourceOf(tensors))).toMatchObject({ prefix: 'backbone.', classes: 7 });
        check('resnet_18', sourceOf(tensors));
      }
      check('resnet_18', sourceOf([...trunk, ...dense(head, [7, 512])]));
    },
  );

  test('is none of the layers of a head of several', () => {
    const source = sourceOf([...trunk, ...dense('fc.0', [128, 512]), ...dense('fc.2', [7, 128])]);
    expect(found('resnet_18', source).classes).toBe(0);
    expect(() => check('resnet_18', source)).toThrow(
      /no use for fc\.0\.weight.*slimnet convert --exclude fc\.0\.weight/s,
    );
  });

  test('of a model in Keras may be a dense layer of its own, whatever the optimizer keeps of it', () => {
    const ofKeras = headless(foreignTensors('keras_resnet_50'));
    const head = [
      { name: 'head/kernel', shape: [2048, 5], dtype: 'float32' as const },
      { name: 'head/bias', shape: [5], dtype: 'float32' as const },
    ];
    const slots = [...ofKeras.slice(0, 3), ...head].map((tensor) => ({ ...tensor, name: `Adam/m/${tensor.name}` }));
    const counters = ['iteration', 'learning_rate', 'save_counter', 'total'].map((name) => ({
      ...{ name, shape: [], dtype: 'float32' as const },
    }));
    const source = sourceOf([...ofKeras, ...head, ...slots, ...counters]);
    expect(found('keras_resnet_50', source).classes).toBe(5);
    check('keras_resnet_50', source);
  });
});

describe('several networks in a file', () => {
  const tensors = ['student.', 'teacher.'].flatMap((prefix) =>
    foreignTensors('resnet_18').map((tensor) => ({ ...tensor, name: prefix + tensor.name })),
  );

  test('are told apart by their prefixes, of which one is to be named', () => {
    expect(() => found('resnet_18', sourceOf(tensors))).toThrow(
      /weights of 2 networks, under student\., teacher\.\. Hint: say whose to take, as in prefix: 'student\.'/,
    );
    expect(found('resnet_18', sourceOf(tensors), { prefix: 'teacher.' })).toMatchObject({
      prefix: 'teacher.',
      classes: 1000,
    });
    expect(() => pytorchNames('resnet_18/conv1/weights', sourceOf(tensors).tensors)).toThrow(CheckpointError);
  });

  test('and a prefix that none has is an error', () => {
    expect(() => found('resnet_18', sourceOf(tensors), { prefix: 'tutor.' })).toThrow(
      /No weights of resnet_18 are under the prefix "tutor\."\. Hint: there are some under prefix: 'student\.'/,
    );
  });
});

test("slimnet's own names may be below a prefix as well", () => {
  const own = (prefix: string) =>
    sourceOf(
      variablesOf('resnet_v1_50', 9).map(({ name, shape }) => ({ name: prefix + name, shape, dtype: 'float32' })),
    );
  for (const prefix of ['', 'model/', 'tower_0/net.']) {
    const weights = found('resnet_v1_50', own(prefix));
    expect(weights).toMatchObject({ layout: 'slim', prefix, classes: 9 });
    const { nameMap } = weights;
    const plan = matchVariables(variablesOf('resnet_v1_50', 9), own(prefix), nameMap === undefined ? {} : { nameMap });
    expect(plan).toMatchObject({ ok: true, unexpected: [] });
  }
});

describe("several networks under slimnet's own names", () => {
  const of = (...prefixes: readonly string[]) =>
    sourceOf(
      prefixes.flatMap((prefix) =>
        variablesOf('resnet_v1_50', 9).map(({ name, shape }) => ({ name: prefix + name, shape, dtype: 'float32' })),
      ),
    );

  test('are told apart by their prefixes, of which one is to be named', () => {
    expect(() => found('resnet_v1_50', of('student/', 'teacher/'))).toThrow(
      /weights of 2 networks, under student\/, teacher\/\. Hint: say whose to take, as in prefix: 'student\/'/,
    );
    expect(found('resnet_v1_50', of('student/', 'teacher/'), { prefix: 'teacher/' }).prefix).toBe('teacher/');
  });

  test.each([
    ['', ['', 'optimizer/m/']],
    ['model/', ['optimizer/m/model/', 'model/', 'optimizer/v/model/']],
  ])('are not what an optimizer keeps of those below %j', (prefix, all) => {
    expect(found('resnet_v1_50', of(...all)).prefix).toBe(prefix);
  });
});

test.each(['resnet_v1_50', 'resnet_v2_50', 'vgg_16'] as const)('%s without its last layer has no classes', (name) => {
  const tensors = variablesOf(name, 9).map(({ name: variable, shape }) => ({
    name: variable,
    shape,
    dtype: 'float32' as const,
  }));
  expect(found(name, sourceOf(tensors)).classes).toBe(9);
  expect(found(name, sourceOf(tensors.filter((tensor) => !/\/(logits|fc8)\//.test(tensor.name)))).classes).toBe(0);
});

test.each(['resnet_18', 'keras_resnet_50'] as const)(
  '%s: averages alone are told, with the way to take them',
  (name) => {
    const averages = sourceOf(foreignTensors(name), (tensor) => `${tensor}/ExponentialMovingAverage`);
    expect(() => found(name, averages)).toThrow(/moving averages of the weights.*pass useMovingAverages: true/s);
  },
);

test('objects of TensorFlow 2 that are no network of ours are told as such', () => {
  const source = sourceOf([{ name: 'kernel', shape: [2, 2], dtype: 'float32' }]);
  expect(() => found('keras_resnet_50', source, {}, true)).toThrow(
    /object-based checkpoint of TensorFlow 2 .* other variables: kernel\. Hint: .*keras_resnet_152/,
  );
  expect(found('keras_resnet_50', source).classes).toBeUndefined();
});

describe('what does not fit is named', () => {
  const tensors = foreignTensors('resnet_18');

  test('a tensor that the file lacks', () => {
    const plan = planOf('resnet_18', sourceOf(tensors.filter(({ name }) => name !== 'layer2.0.bn1.running_var')));
    expect(plan.ok).toBe(false);
    expect(plan.explain()).toContain(
      'resnet_18/block2/unit_1/basic_v1/conv1/BatchNorm/moving_variance (as layer2.0.bn1.running_var)',
    );
  });

  test('a bias of Keras that the file lacks', () => {
    const source = sourceOf(foreignTensors('keras_resnet_50').filter(({ name }) => name !== 'conv1_conv/bias'));
    const plan = planOf('keras_resnet_50', source);
    expect(plan.missing.map(({ tensor }) => tensor)).toEqual(['conv1_conv/bias']);
  });

  test('tensors of another shape, stored and as taken', () => {
    const other = tensors.map((tensor) =>
      tensor.name === 'conv1.weight' ? { ...tensor, shape: [64, 3, 3, 3] } : tensor,
    );
    expect(planOf('resnet_18', sourceOf(other)).explain()).toContain(
      'resnet_18/conv1/weights: the variable is [7, 7, 3, 64], the checkpoint has [64, 3, 3, 3], taken as [3, 3, 3, 64]',
    );
  });

  test('other classes, with the way out', () => {
    expect(planOf('resnet_18', sourceOf(foreignTensors('resnet_18', 10))).explain()).toContain('numClasses: 10');
  });

  test('tensors of a deeper network of the same widths, which would fit', () => {
    const source = sourceOf(foreignTensors('resnet_101'));
    expect(planOf('resnet_50', source).ok).toBe(true);
    expect(() => check('resnet_50', source)).toThrow(CheckpointError);
    expect(() => check('resnet_50', source)).toThrow(/layer3\.10\..* and \d+ more/);
    expect(() =>
      check(
        'resnet_50',
        sourceOf(foreignTensors('resnet_101'), (name) => `model.${name}`),
      ),
    ).toThrow(/model\.layer3\.10\..* and \d+ more/);
  });

  test('variables of other networks keep their names', () => {
    const none = new Map();
    for (const map of [pytorchNames, kerasNames]) {
      expect(map('vgg_16/conv1/conv1_1/weights', none)).toBe('vgg_16/conv1/conv1_1/weights');
      expect(map('resnet_50/logits/BatchNorm/gamma', none)).toBe('resnet_50/logits/BatchNorm/gamma');
      expect(map('resnet_50/conv1/BatchNorm/constructor', none)).toBe('resnet_50/conv1/BatchNorm/constructor');
    }
  });
});

describe('the layout of a checkpoint', () => {
  const torch = sourceOf(foreignTensors('resnet_50'));
  const keras = sourceOf(foreignTensors('keras_resnet_50'));
  const own = sourceOf([{ name: 'resnet_50/conv1/weights', shape: [7, 7, 3, 64], dtype: 'float32' }]);
  const layoutIn = (name: nets.NetworkName, source: RestoreSource, wanted = {}) => found(name, source, wanted).layout;

  test('is what the names show, and slimnet its own where they show nothing', () => {
    expect(layoutIn('resnet_50', torch)).toBe('pytorch');
    expect(layoutIn('keras_resnet_50', keras)).toBe('keras');
    expect(layoutIn('resnet_50', own)).toBe('slim');
    expect(layoutIn('resnet_50', sourceOf([]))).toBe('slim');
  });

  test('must be told where the names are of several kinds', () => {
    const both = { ...own, tensors: new Map([...own.tensors, ...torch.tensors]) };
    expect(() => found('resnet_50', both)).toThrow('names of slim and of pytorch');
    expect(layoutIn('resnet_50', both, { layout: 'pytorch' })).toBe('pytorch');
    expect(layoutIn('resnet_50', both, { layout: 'slim' })).toBe('slim');
  });

  test.each([
    ['resnet_50', keras, {}, /named as keras does.*keras_resnet_50/s],
    ['keras_resnet_50', torch, {}, /named as pytorch does.*resnet_50/s],
    ['resnet_v1_50', torch, {}, /named as pytorch does.*resnet_18, resnet_34, resnet_50/s],
    ['resnet_v1_50', torch, { layout: 'pytorch' }, /named as pytorch does/],
  ] as const)('of %s cannot be that of a library whose networks have another form', (name, source, wanted, message) => {
    expect(() => found(name, source, wanted)).toThrow(message);
  });
});
