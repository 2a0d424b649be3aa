/** Tensors of another element type than the variable's: floats are converted to floats, integers to integers. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NumericEntry } from '../../../../lib/checkpoint/entries.js';
import {
  AssignedValues,
  assertRestorable,
  matchVariables,
  openCheckpoint,
  type RestoreOptions,
  sortFillings,
  writeCheckpoint,
} from '../../../../lib/checkpoint/index.js';
import { convertNumbers } from '../../../../lib/core/convert_numbers.js';
import { allocate, type DType } from '../../../../lib/core/dtype.js';
import { CheckpointError } from '../../../../lib/errors.js';
import { makeFolder, removeFolder } from '../fixtures.js';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => removeFolder(folder));

/** Numbers that every float of 16 bits holds exactly. */
const exact = [1, -2, 0.5, 0, 3.25, -0.125];

function floats(name: string, dtype: DType, shape: readonly number[], numbers = exact): NumericEntry {
  const data = allocate(dtype, numbers.length);
  convertNumbers('float64', Float64Array.from(numbers), dtype, data);
  return { name, dtype, shape, data };
}

const variable = (name: string, shape: readonly number[], dtype: DType = 'float32') => ({ name, dtype, shape });

async function restored(
  path: string,
  variables: readonly ReturnType<typeof variable>[],
  options: RestoreOptions = {},
): Promise<(number | bigint)[][]> {
  await using reader = await openCheckpoint(path);
  const plan = matchVariables(variables, reader, options);
  assertRestorable(plan);
  const { others } = sortFillings(reader, plan.assignments);
  expect(others.map((assignment) => assignment.variable.name)).toEqual(
    expect.arrayContaining(plan.converted.map((misfit) => misfit.variable.name)),
  );
  const values = new AssignedValues(reader, plan.assignments);
  const read: (number | bigint)[][] = [];
  for (const assignment of plan.assignments) read.push([...(await values.read(assignment))]);
  return read;
}

describe.each(['tensorflow_v1', 'tensorflow_v2', 'safetensors'] as const)('%s', (format) => {
  const halves = (['float16', 'bfloat16', 'float64'] as const).filter(
    (dtype) => !(format === 'tensorflow_v1' && dtype === 'bfloat16'),
  );

  test.each(halves)('tensors of %s become the values of float32 variables', async (dtype) => {
    const path = join(folder, 'x');
    await writeCheckpoint(path, [floats('w', dtype, [2, 3]), floats('b', 'float32', [6])], { format });
    expect(await restored(path, [variable('w', [2, 3]), variable('b', [6])])).toEqual([exact, exact]);
    await using reader = await openCheckpoint(path);
    const plan = matchVariables([variable('w', [2, 3])], reader);
    expect(plan.converted).toMatchObject([{ tensor: 'w', storedDType: dtype }]);
    expect(plan.explain()).toContain(`1 tensors of ${dtype} are taken as float32.`);
    expect([...(await reader.readAs('w', 'float32')).data]).toEqual(exact);
  });

  test('integers become integers of another width', async () => {
    const path = join(folder, 'x');
    const step: NumericEntry = { name: 'global_step', dtype: 'int32', shape: [], data: Int32Array.of(7) };
    await writeCheckpoint(path, [step], { format });
    expect(await restored(path, [variable('global_step', [], 'int64')])).toEqual([[7n]]);
  });
});

test.each([
  ['F8_E4M3', [0x38, 0xc0, 0x30, 0x00, 0x45, 0x98]],
  ['F8_E5M2', [0x3c, 0xc0, 0x38, 0x00, 0x42, 0xb0]],
] as const)('floats of 8 bits (%s) are read as wider ones', async (type, bytes) => {
  const header = JSON.stringify({ w: { dtype: type, shape: [2, 3], data_offsets: [0, 6] } });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const path = join(folder, 'x.safetensors');
  writeFileSync(path, Buffer.concat([length, Buffer.from(header), Buffer.from(bytes)]));
  const [values] = await restored(path, [variable('w', [2, 3])]);
  expect(values?.slice(0, 4)).toEqual([1, -2, 0.5, 0]);
  await using reader = await openCheckpoint(path);
  await expect(reader.read('w')).rejects.toThrow(/which files alone have\. Hint: Use readAs/);
  expect((await reader.readAs('w', 'float64')).data[1]).toBe(-2);
});

test('converted values come in the layout of their variables, and less what is subtracted', async () => {
  const path = join(folder, 'x.safetensors');
  await writeCheckpoint(path, [
    floats('kernel', 'bfloat16', [2, 3]),
    floats('mean', 'float16', [6]),
    floats('bias', 'float64', [6], [1, 1, 1, 1, 1, 1]),
    floats('large', 'float32', [4, 6], [...exact, ...exact, ...exact, ...exact]),
  ]);
  const nameMap = {
    kernel: { tensor: 'kernel', dimensions: [1, 0] },
    mean: { tensor: 'mean', minus: 'bias' },
  };
  await using reader = await openCheckpoint(path);
  const variables = [variable('kernel', [3, 2]), variable('mean', [6]), variable('large', [4, 6])];
  const plan = matchVariables(variables, reader, { nameMap });
  expect(plan.explain()).toContain('1 tensors of bfloat16');
  const values = new AssignedValues(reader, plan.assignments);
  const read = [];
  for (const assignment of plan.assignments) read.push([...(await values.read(assignment))]);
  expect(read).toEqual([
    [1, 0, -2, 3.25, 0.5, -0.125],
    exact.map((value) => value - 1),
    [...exact, ...exact, ...exact, ...exact],
  ]);
});

describe('what would change the meaning is refused', () => {
  test('a value that the type of the variable cannot hold, by tensor, element and value', async () => {
    const path = join(folder, 'x');
    await writeCheckpoint(path, [
      { name: 'w', dtype: 'float64', shape: [3], data: Float64Array.of(1, 2, 1e300) },
      { name: 'step', dtype: 'int64', shape: [], data: BigInt64Array.of(2n ** 40n) },
    ]);
    await expect(restored(path, [variable('w', [3])])).rejects.toThrow(
      'w [3] cannot be taken as float32: the float64 1e+300 of element 2 is out of its range.',
    );
    await expect(restored(path, [variable('step', [], 'int32')])).rejects.toThrow(CheckpointError);
  });

  test.each([
    ['int8', 'float32'],
    ['float32', 'int32'],
    ['bool', 'int32'],
  ] as const)('%s as %s', async (stored, dtype) => {
    const path = join(folder, 'x');
    await writeCheckpoint(path, [{ name: 'w', dtype: stored, shape: [2], data: allocate(stored, 2) }]);
    await using reader = await openCheckpoint(path);
    const plan = matchVariables([variable('w', [2], dtype)], reader);
    expect(plan).toMatchObject({ ok: false, converted: [], mistyped: [{ storedDType: stored }] });
    await expect(reader.readAs('w', dtype)).rejects.toThrow(
      `w is of dtype ${stored}, which cannot be taken as ${dtype}.`,
    );
  });
});
