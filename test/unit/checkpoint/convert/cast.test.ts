/** Conversions that change values and names: casts, moving averages, whole new names. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CastDType,
  type CheckpointEntry,
  type ConvertOptions,
  castDTypes,
  convertCheckpoint,
  openCheckpoint,
  type WritableFormat,
  writeCheckpoint,
} from '../../../../lib/checkpoint/index.js';
import { ArgumentError, CheckpointError } from '../../../../lib/errors.js';
import { makeFolder, removeFolder } from '../fixtures.js';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => removeFolder(folder));

const at = (name: string) => join(folder, name);
const average = (name: string) => `${name}/ExponentialMovingAverage`;
const float32 = (name: string, values: readonly number[]): CheckpointEntry => ({
  ...{ name, dtype: 'float32', shape: [values.length], data: Float32Array.from(values) },
});

/** dtype and values, as float64, of each tensor. */
async function contents(path: string): Promise<Record<string, readonly [string, readonly (number | bigint)[]]>> {
  await using reader = await openCheckpoint(path);
  const found: Record<string, readonly [string, readonly (number | bigint)[]]> = {};
  for (const [name, { dtype }] of reader.tensors) {
    const { data } = /float/.test(dtype) ? await reader.readAs(name, 'float64') : await reader.read(name);
    found[name] = [dtype, [...data]];
  }
  return found;
}

async function source(entries: readonly CheckpointEntry[]): Promise<string> {
  await writeCheckpoint(at('source'), entries);
  return at('source');
}

describe('casts', () => {
  test.each(
    castDTypes.flatMap((cast) =>
      (['tensorflow_v1', 'tensorflow_v2', 'safetensors'] as const)
        .filter((format) => !(format === 'tensorflow_v1' && cast === 'bfloat16'))
        .map((format): [CastDType, WritableFormat] => [cast, format]),
    ),
  )('to %s in %s change floats, and leave integers alone', async (cast, format) => {
    const path = await source([
      float32('w', [1, -2.5, 0.375]),
      { name: 'wide', dtype: 'float64', shape: [1], data: Float64Array.of(0.5) },
      { name: 'step', dtype: 'int64', shape: [], data: BigInt64Array.of(7n) },
    ]);
    const result = await convertCheckpoint(path, at('out'), { cast, format });
    expect(await contents(at('out'))).toEqual({
      w: [cast, [1, -2.5, 0.375]],
      wide: [cast, [0.5]],
      step: ['int64', [7n]],
    });
    const unchanged = cast === 'float32' || cast === 'float64' ? 1 : 0;
    expect(result.cast).toEqual({ dtype: cast, tensors: 2 - unchanged, vanished: 0 });
  });

  test('a file says the types that it has', async () => {
    await convertCheckpoint(await source([float32('w', [1, 2])]), at('x.safetensors'), { cast: 'bfloat16' });
    const bytes = readFileSync(at('x.safetensors'));
    const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString());
    expect(header).toMatchObject({ w: { dtype: 'BF16', shape: [2], data_offsets: [0, 4] } });
    expect([...bytes.subarray(-4)]).toEqual([0x80, 0x3f, 0x00, 0x40]);
  });

  test('beyond the range of the type are an error that names the value, and nothing is written', async () => {
    const path = await source([float32('a', [1]), float32('w', [1, 70000])]);
    const cast = convertCheckpoint(path, at('x.safetensors'), { cast: 'float16' });
    await expect(cast).rejects.toThrow(CheckpointError);
    await expect(cast).rejects.toThrow(
      'w [2] cannot be taken as float16: the float32 70000 of element 1 is out of its range.',
    );
    expect(existsSync(at('x.safetensors'))).toBe(false);
    await convertCheckpoint(path, at('x.safetensors'), { cast: 'bfloat16' });
  });

  test('below it are counted', async () => {
    const path = await source([float32('w', [1e-9, 1, 0]), float32('v', [-1e-10])]);
    expect((await convertCheckpoint(path, at('x.safetensors'), { cast: 'float16' })).cast?.vanished).toBe(2);
  });

  test('make something of floats of 8 bits, which are refused without', async () => {
    const header = JSON.stringify({ w: { dtype: 'F8_E4M3', shape: [2], data_offsets: [0, 2] } });
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(at('f8.safetensors'), Buffer.concat([length, Buffer.from(header), Buffer.of(0x38, 0xc0)]));
    await expect(convertCheckpoint(at('f8.safetensors'), at('out'))).rejects.toThrow(
      /w is of dtype float8_e4m3fn.*as in cast: 'bfloat16'/,
    );
    await convertCheckpoint(at('f8.safetensors'), at('out'), { cast: 'float16' });
    expect(await contents(at('out'))).toEqual({ w: ['float16', [1, -2]] });
  });
});

describe('moving averages', () => {
  test('take the names of their variables; those without one keep their own values', async () => {
    const path = await source([
      ...[float32('net/w', [1]), float32(average('net/w'), [2])],
      ...[float32(average('net/b'), [3]), float32('net/mean', [4])],
    ]);
    await convertCheckpoint(path, at('out'), { useMovingAverages: true, rename: [['net/', '']], exclude: ['net/b'] });
    expect(await contents(at('out'))).toEqual({ w: ['float32', [2]], mean: ['float32', [4]] });
  });

  test('that are not there are an error', async () => {
    const path = await source([float32('w', [1])]);
    await expect(convertCheckpoint(path, at('out'), { useMovingAverages: true })).rejects.toThrow(
      /no moving averages.*leave out useMovingAverages/s,
    );
  });
});

describe('whole new names', () => {
  test('by old ones; all others stay', async () => {
    const path = await source([float32('w', [1]), float32('b', [2]), float32('c', [3])]);
    await convertCheckpoint(path, at('out'), { rename: { w: 'b', b: 'w' } });
    expect(await contents(at('out'))).toEqual({ b: ['float32', [1]], w: ['float32', [2]], c: ['float32', [3]] });
  });

  test.each<[ConvertOptions, RegExp]>([
    [{ rename: { bias: 'x' } }, /No tensor is named "bias"\. Hint: there are biases/],
    [{ rename: { w: 'biases' } }, /Both .* would be named "biases"/],
    [{ rename: { w: '' } }, /Nothing would be left of the name w/],
    [{ rename: { w: 1 } as never }, /rename: expected pairs \[old, new\] of prefixes, or an object/],
    [{ rename: 'w=x' as never }, /rename: expected pairs/],
    [{ cast: 'int8' as never }, /cast: expected float16, bfloat16, float32, float64, received the string "int8"/],
  ])('%j is refused', async (options, message) => {
    const path = await source([float32('w', [1]), float32('biases', [2])]);
    await expect(convertCheckpoint(path, at('out'), options)).rejects.toThrow(ArgumentError);
    await expect(convertCheckpoint(path, at('out'), options)).rejects.toThrow(message);
  });
});
