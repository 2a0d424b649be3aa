/** Object-based checkpoints, as TensorFlow wrote them: their tensors by the names of the variables. */
import { join } from 'node:path';
import { convertCheckpoint, matchVariables, openCheckpoint } from '../../../../lib/checkpoint/index.js';
import { readObjectGraph, variablesByName } from '../../../../lib/checkpoint/tensorflow/object_graph.js';
import type { TensorInfo } from '../../../../lib/checkpoint/types.js';
import { CheckpointError } from '../../../../lib/errors.js';
import { smallObjects } from '../../../helpers/object_checkpoint.js';
import { makeFolder, removeFolder } from '../fixtures.js';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => removeFolder(folder));

/** Of the small network, in the order in which Keras lists them: value i of variable k is 10 k + i. */
const variables = [
  ['conv1_conv/kernel', [3, 3, 3, 2]],
  ['conv1_conv/bias', [2]],
  ['conv1_bn/gamma', [2]],
  ['conv1_bn/beta', [2]],
  ['conv1_bn/moving_mean', [2]],
  ['conv1_bn/moving_variance', [2]],
  ['predictions/kernel', [2, 2]],
  ['predictions/bias', [2]],
] as const;

describe.each(['keras2', 'keras3'] as const)('%s', (form) => {
  test('tensors have the names of their variables, and the values of TensorFlow', async () => {
    await using reader = await openCheckpoint(smallObjects(form));
    expect(reader.isObjectBased).toBe(true);
    expect([...reader.tensors.keys()].every((key) => key.includes('/.ATTRIBUTES/') || key.startsWith('_CHECK'))).toBe(
      true,
    );
    for (const [k, [name, shape]] of variables.entries()) {
      const { data, shape: stored } = await reader.read(name);
      expect([name, stored, data[0], data.at(-1)]).toEqual([name, shape, 10 * k, 10 * k + data.length - 1]);
    }
    const { name: key } = reader.variables.get('conv1_bn/beta') as TensorInfo;
    expect((await reader.read(key)).data).toEqual((await reader.read('conv1_bn/beta')).data);
    await expect(reader.read('conv1_bn/betas')).rejects.toThrow(/Key conv1_bn\/betas not found.*conv1_bn\/beta/);
  });

  test('variables are restored by their names, or by their keys', async () => {
    await using reader = await openCheckpoint(smallObjects(form));
    const { name: key } = reader.variables.get('predictions/bias') as TensorInfo;
    const wanted = [
      { name: 'conv1_bn/gamma', dtype: 'float32', shape: [2] },
      { name: 'b', dtype: 'float32', shape: [2] },
    ] as const;
    const plan = matchVariables(wanted, reader, { nameMap: { b: key } });
    expect(plan.ok).toBe(true);
    expect(plan.unexpected).toContain('conv1_conv/kernel');
    expect(plan.unexpected).not.toContain('predictions/bias');
    expect(plan.unexpected.some((name) => name.includes('.ATTRIBUTES'))).toBe(false);
  });

  test('safetensors get the names of the variables; a checkpoint of TensorFlow stays one of objects', async () => {
    const path = join(folder, 'x.safetensors');
    await convertCheckpoint(smallObjects(form), path);
    await using converted = await openCheckpoint(path);
    expect([...converted.tensors.keys()]).toEqual(expect.arrayContaining(variables.map(([name]) => name)));
    await convertCheckpoint(smallObjects(form), join(folder, 'x.ckpt'));
    await using copied = await openCheckpoint(join(folder, 'x.ckpt'));
    await using source = await openCheckpoint(smallObjects(form));
    expect([...copied.tensors]).toEqual([...source.tensors]);
    expect([...copied.variables]).toEqual([...source.variables]);
  });
});

describe('names', () => {
  const info = (name: string): TensorInfo => ({ name, dtype: 'float32', shape: [], bytes: 4 });
  const named = (
    keys: readonly string[],
    graph: readonly (readonly [string, string])[],
    contents = (key: string) => key,
  ) =>
    [
      ...variablesByName(
        new Map(keys.map((key) => [key, info(key)])),
        graph.map(([fullName, key]) => ({ fullName, key })),
        ({ name }) => contents(name),
      ),
    ].map(([name, { name: key }]) => `${name} ${key}`);

  test('that several variables share are none', () => {
    const graph = [
      ['w', 'a'],
      ['w', 'b'],
      ['v', 'c'],
    ] as const;
    expect(named(['a', 'b', 'c'], graph)).toEqual(['a a', 'b b', 'v c']);
  });

  test('of a variable that is stored twice are there once', () => {
    const graph = [
      ['w', 'a'],
      ['w', 'b'],
      ['w', 'a'],
    ] as const;
    expect(named(['a', 'b'], graph, () => 'same')).toEqual(['w a']);
  });

  test('are not those of other tensors, and keys without a tensor count for nothing', () => {
    expect(
      named(
        ['a', 'b'],
        [
          ['b', 'a'],
          ['w', 'gone'],
          ['', 'b'],
        ],
      ),
    ).toEqual(['a a', 'b b']);
  });

  test('damage is an error', () => {
    expect(() => readObjectGraph(Uint8Array.of(0x0a, 0x20, 1), { path: 'x', offset: 7 })).toThrow(CheckpointError);
  });
});
