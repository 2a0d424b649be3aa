import { matchVariables, type NameMap, type RestorePlan, type RestoreSource } from '../../../lib/checkpoint/index.js';
import { CheckpointError } from '../../../lib/errors.js';
import { assertAllTaken, kerasNames, layoutFor, nameMaps, pytorchNames } from '../../../lib/model/weight_layouts.js';
import * as slim from '../../../lib/slim/index.js';
import * as nets from '../../../lib/slim/nets/index.js';
import {
  type ForeignNetwork,
  type ForeignTensor,
  foreignEpsilons,
  foreignNetworks,
  foreignTensors,
} from '../../helpers/foreign_weights.js';
import { build, images } from '../../parity/support.js';

const names = Object.keys(foreignNetworks) as ForeignNetwork[];

function mapOf(name: nets.NetworkName): NameMap {
  return nameMaps[nets.networks[name].library ?? 'slim'] as NameMap;
}

function variablesOf(name: nets.NetworkName) {
  const { build: builder, argScope } = nets.network(name);
  const { graph } = build(() =>
    slim.argScope(argScope(), () => builder(images([1, 64, 64, 3]), { numClasses: 1000, isTraining: false })),
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
    expect(() => assertAllTaken(nets.networks[name].library as 'keras', plan)).not.toThrow();
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

test.each([
  ['state_dict of a DataParallel', 'resnet_18', (tensor: string) => `module.${tensor}`],
  ['names of older versions of Keras', 'keras_resnet_50', (tensor: string) => `${tensor}:0`],
  ['paths in an HDF5 file of Keras', 'keras_resnet_50', (tensor: string) => `${tensor.split('/')[0]}/${tensor}:0`],
] as const)('names may be spelled as the %s', (_, name, rename) => {
  const source = sourceOf(foreignTensors(name), rename);
  expect(planOf(name, source).ok).toBe(true);
  expect(layoutFor(nets.network(name), source, null)).toBe(nets.networks[name].library);
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
    const plan = planOf('resnet_50', sourceOf(foreignTensors('resnet_101')));
    expect(plan.ok).toBe(true);
    expect(() => assertAllTaken('pytorch', plan)).toThrow(CheckpointError);
    expect(() => assertAllTaken('pytorch', plan)).toThrow(/layer3\.10\..* and \d+ more/);
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
  const { tensors: torch } = sourceOf(foreignTensors('resnet_50'));
  const { tensors: keras } = sourceOf(foreignTensors('keras_resnet_50'));
  const own = sourceOf([{ name: 'resnet_50/conv1/weights', shape: [7, 7, 3, 64], dtype: 'float32' }]).tensors;
  const path = 'm.safetensors';
  const resnet50 = nets.network('resnet_50');

  test('is what the names show, and slimnet its own where they show nothing', () => {
    expect(layoutFor(resnet50, { path, tensors: torch }, null)).toBe('pytorch');
    expect(layoutFor(nets.network('keras_resnet_50'), { path, tensors: keras }, null)).toBe('keras');
    expect(layoutFor(resnet50, { path, tensors: own }, null)).toBe('slim');
    expect(layoutFor(resnet50, { path, tensors: new Map() }, null)).toBe('slim');
  });

  test('must be told where the names are of several kinds', () => {
    const tensors = new Map([...own, ...torch]);
    expect(() => layoutFor(resnet50, { path, tensors }, null)).toThrow('names of slim and of pytorch');
    expect(layoutFor(resnet50, { path, tensors }, 'pytorch')).toBe('pytorch');
    expect(layoutFor(resnet50, { path, tensors }, 'slim')).toBe('slim');
  });

  test.each([
    ['resnet_50', keras, null, /named as keras does.*keras_resnet_50/s],
    ['keras_resnet_50', torch, null, /named as pytorch does.*resnet_50/s],
    ['resnet_v1_50', torch, null, /named as pytorch does.*resnet_18, resnet_34, resnet_50/s],
    ['resnet_v1_50', own, 'pytorch', /named as pytorch does/],
  ] as const)(
    'of %s cannot be that of a library whose networks have another form',
    (name, tensors, wanted, message) => {
      expect(() => layoutFor(nets.network(name), { path, tensors }, wanted)).toThrow(message);
    },
  );
});
