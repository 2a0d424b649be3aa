import { join } from 'node:path';
import { AssignedValues, matchVariables, openCheckpoint, writeCheckpoint } from '../../../../lib/checkpoint/index.js';
import { arrange } from '../../../../lib/checkpoint/restore/arrange.js';
import { makeFolder, removeFolder } from '../fixtures.js';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => removeFolder(folder));

/** The plain definition: each element of the target looked up by its index. */
function arrangedPlainly(source: Float32Array, shape: readonly number[], order: readonly number[]): number[] {
  const sizes = order.map((dimension) => shape[dimension] as number);
  return Array.from({ length: source.length }, (_, flat) => {
    const index: number[] = [];
    let rest = flat;
    for (let i = sizes.length - 1; i >= 0; i--) {
      index[order[i] as number] = rest % (sizes[i] as number);
      rest = Math.floor(rest / (sizes[i] as number));
    }
    return source[index.reduce((at, position, i) => at * (shape[i] as number) + position, 0)] as number;
  });
}

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((first) => permutations(items.filter((item) => item !== first)).map((rest) => [first, ...rest]));
}

test.each([[[]], [[5]], [[3, 4]], [[2, 3, 4]], [[2, 3, 1, 4]], [[2, 2, 3, 2, 2]], [[3, 0, 2]]])(
  'every order of the dimensions of %j',
  (shape) => {
    const source = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + 1);
    for (const order of permutations(shape.map((_, i) => i))) {
      const target = new Float32Array(source.length);
      arrange(source, shape, order, target);
      expect([...target]).toEqual(arrangedPlainly(source, shape, order));
    }
  },
);

test('values come in the layout of their variables, small ones behind large ones in the same buffers', async () => {
  const path = join(folder, 'foreign.safetensors');
  const kernel = Float32Array.from({ length: 24 }, (_, i) => i);
  await writeCheckpoint(path, [
    { name: 'kernel', dtype: 'float32', shape: [4, 3, 1, 2], data: kernel },
    { name: 'dense', dtype: 'float32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
    { name: 'mean', dtype: 'float32', shape: [2], data: Float32Array.of(5, 7) },
    { name: 'bias', dtype: 'float32', shape: [2], data: Float32Array.of(1, -2) },
    { name: 'count', dtype: 'int64', shape: [2, 2], data: BigInt64Array.of(1n, 2n, 3n, 4n) },
  ]);
  await using reader = await openCheckpoint(path);
  const variables = [
    { name: 'kernel', dtype: 'float32', shape: [1, 2, 3, 4] },
    { name: 'dense', dtype: 'float32', shape: [1, 1, 3, 2] },
    { name: 'mean', dtype: 'float32', shape: [2] },
    { name: 'bias', dtype: 'float32', shape: [2] },
    { name: 'count', dtype: 'int64', shape: [2, 1, 2] },
  ] as const;
  const plan = matchVariables(variables, reader, {
    nameMap: {
      kernel: { tensor: 'kernel', dimensions: [2, 3, 1, 0] },
      dense: { tensor: 'dense', dimensions: [null, null, 1, 0] },
      mean: { tensor: 'mean', minus: 'bias' },
      count: { tensor: 'count', dimensions: [1, null, 0] },
    },
  });
  expect(plan.explain()).toBe('5 variables fit, 0 excluded.');
  const values = new AssignedValues(reader, plan.assignments);
  const read: unknown[][] = [];
  for (const assignment of plan.assignments) read.push([...(await values.read(assignment))]);
  expect(read).toEqual([
    arrangedPlainly(kernel, [4, 3, 1, 2], [2, 3, 1, 0]),
    [1, 4, 2, 5, 3, 6],
    [4, 9],
    [1, -2],
    [1n, 3n, 2n, 4n],
  ]);
});
