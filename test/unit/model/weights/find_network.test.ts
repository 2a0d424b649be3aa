import type { CheckpointReader, TensorInfo } from '../../../../lib/checkpoint/index.js';
import { CheckpointError } from '../../../../lib/errors.js';
import { findNetwork } from '../../../../lib/model/weights/find_network.js';
import { networkNames } from '../../../../lib/slim/nets/registry.js';
import { type ForeignNetwork, foreignNetworks, foreignTensors } from '../../../helpers/foreign_weights.js';
import { golden } from '../../../helpers/golden.js';

interface Named {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype?: string;
}

/** The table of contents of a checkpoint. */
function checkpoint(tensors: readonly Named[]): CheckpointReader {
  const variables = new Map(
    tensors.map(({ name, shape, dtype = 'float32' }) => [
      name,
      { name, shape, dtype, bytes: 0 } as unknown as TensorInfo,
    ]),
  );
  return {
    path: 'a.ckpt',
    format: 'safetensors',
    variables,
    tensors: variables,
    isObjectBased: false,
  } as unknown as CheckpointReader;
}

/** What the real TF-Slim makes. */
function slimTensors(name: string): Named[] {
  const { variables } = golden<{ variables: [string, number[]][] }>(`variables/${name}.json`);
  return variables.map(([variable, shape]) => ({ name: variable, shape }));
}

const ofSlim = networkNames.filter((name) => !Object.hasOwn(foreignNetworks, name));

test.each(ofSlim)('%s shows by its own name', (name) => {
  const tensors = [...slimTensors(name), { name: 'global_step', shape: [] }];
  expect(findNetwork(checkpoint(tensors))).toBe(name);
  const wrapped = tensors.map((tensor) => ({ ...tensor, name: `model/${tensor.name}` }));
  expect(findNetwork(checkpoint(wrapped))).toBe(name);
});

test.each(Object.keys(foreignNetworks) as ForeignNetwork[])('%s shows by its tensors, whatever its classes', (name) => {
  expect(findNetwork(checkpoint(foreignTensors(name)))).toBe(name);
  const own = foreignTensors(name, 7).map((tensor) => ({
    ...tensor,
    name: name.startsWith('keras') ? tensor.name : `module.${tensor.name}`,
  }));
  expect(findNetwork(checkpoint(own))).toBe(name);
});

test('several networks in a file are told, and the prefix that one names is the one that is found', () => {
  const both = ['student.', 'teacher.'].flatMap((prefix) =>
    foreignTensors('resnet_18').map((tensor) => ({ ...tensor, name: prefix + tensor.name })),
  );
  expect(() => findNetwork(checkpoint(both))).toThrow(/under student\., teacher\.\. Hint: .*prefix: 'student\.'/);
  expect(findNetwork(checkpoint(both), { prefix: 'teacher.' })).toBe('resnet_18');
});

test("several networks under slimnet's own names are told as well", () => {
  const both = ['student/', 'teacher/'].flatMap((prefix) =>
    slimTensors('resnet_v1_50').map((tensor) => ({ ...tensor, name: prefix + tensor.name })),
  );
  expect(() => findNetwork(checkpoint(both))).toThrow(/under student\/, teacher\/\. Hint: .*prefix: 'student\/'/);
  expect(findNetwork(checkpoint(both), { prefix: 'teacher/' })).toBe('resnet_v1_50');
});

test('weights without a last layer show their network too', () => {
  const headless = foreignTensors('resnet_50').filter(({ name }) => !name.startsWith('fc.'));
  expect(findNetwork(checkpoint(headless))).toBe('resnet_50');
});

test.each<[string, () => Named[]]>([
  ['names that are known nowhere', () => [{ name: 'layer/weights', shape: [3, 3] }]],
  ['nothing', () => []],
  ['two networks', () => [...slimTensors('resnet_v1_50'), ...slimTensors('resnet_v2_50')]],
  ['a depth that there is not', () => foreignTensors('resnet_50').filter(({ name }) => !/layer3\.5/.test(name))],
  [
    'units of another width',
    () =>
      foreignTensors('resnet_50').map((tensor) =>
        /layer\d\.\d+\.conv2\.weight/.test(tensor.name)
          ? { ...tensor, shape: tensor.shape.map((d, i) => (i < 2 ? 2 * d : d)) }
          : tensor,
      ),
  ],
])('of %s the caller must say the network', (_, tensors) => {
  const attempt = () => findNetwork(checkpoint(tensors()));
  expect(attempt).toThrow(CheckpointError);
  expect(attempt).toThrow(
    /^a\.ckpt: The names and shapes of the weights are those of .*\. Hint: say which network it is, model: one of resnet_v1_50, /,
  );
});
