/** Checkpoints from one format into another: whose files, whose bytes, and what is refused. */
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CheckpointEntry,
  type ConvertOptions,
  convertCheckpoint,
  openCheckpoint,
  type StoredDType,
  writeCheckpoint,
} from '../../../../lib/checkpoint/index.js';
import { dtypes } from '../../../../lib/core/dtype.js';
import { goldenFolder, makeFolder, removeFolder } from '../fixtures.js';

const goldenPath = (...parts: string[]) => join(goldenFolder, ...parts);
const formats = ['tensorflow_v1', 'tensorflow_v2', 'safetensors'] as const;

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => removeFolder(folder));

const at = (name: string) => join(folder, name);

/** Names with dtype, shape and bytes. */
async function contents(path: string): Promise<Record<string, readonly [StoredDType, readonly number[], string]>> {
  await using reader = await openCheckpoint(path);
  const found: Record<string, readonly [StoredDType, readonly number[], string]> = {};
  for (const name of [...reader.tensors.keys()].sort()) {
    const { dtype, shape } = reader.tensors.get(name) as { dtype: StoredDType; shape: readonly number[] };
    const bytes =
      dtype === 'string'
        ? (await reader.readStrings(name)).map((s) => Buffer.from(s).toString('hex')).join()
        : Buffer.from((await reader.read(name)).data.buffer).toString('hex');
    found[name] = [dtype, shape, bytes];
  }
  return found;
}

const plain = (names: readonly string[]): CheckpointEntry[] =>
  names.map((name, i) => ({ name, dtype: 'float32', shape: [2], data: Float32Array.of(i, -i) }));

async function source(
  names = ['net/conv1/weights', 'net/conv1/biases', 'net/logits/weights', 'global_step'],
): Promise<string> {
  const path = at('source.ckpt');
  await writeCheckpoint(path, plain(names));
  return path;
}

const namesIn = async (path: string) => Object.keys(await contents(path));

describe('values', () => {
  test("TensorFlow's own files come back to the byte, by way of the other formats", async () => {
    await convertCheckpoint(goldenPath('small_resnet_v1_v1', 'resnet.ckpt'), at('a.safetensors'));
    await convertCheckpoint(at('a.safetensors'), at('b.ckpt'));
    await convertCheckpoint(at('b.ckpt'), at('c.ckpt'), { format: 'tensorflow_v1' });
    expect(readFileSync(at('c.ckpt'))).toEqual(readFileSync(goldenPath('small_resnet_v1_v1', 'resnet.ckpt')));
    for (const suffix of ['.index', '.data-00000-of-00001'])
      expect(readFileSync(at(`b.ckpt${suffix}`))).toEqual(
        readFileSync(goldenPath('small_resnet_v1_v2', `resnet.ckpt${suffix}`)),
      );
  });

  test.each(['partitioned_v1', 'partitioned_v2', 'sharded_v2', 'numbers_v1', 'golden_v1'])(
    '%s is whole again in one file',
    async (name) => {
      const path = goldenPath(name, 'model.ckpt');
      const before = await contents(path);
      for (const format of formats.filter((f) => f !== 'safetensors' || !JSON.stringify(before).includes('"string"'))) {
        await convertCheckpoint(path, at(format), { format });
        expect([format, await contents(at(format))]).toEqual([format, before]);
      }
    },
  );

  test.each(Object.keys(dtypes) as (keyof typeof dtypes)[])('%s passes where the format has it', async (dtype) => {
    const array = new dtypes[dtype].array(3);
    new Uint8Array(array.buffer).set(
      dtype === 'bool' ? [1, 0, 1] : Array.from({ length: array.byteLength }, (_, i) => (37 * i + 200) % 256),
    );
    const entries: CheckpointEntry[] = [
      { name: 'x', dtype, shape: [3, 1], data: array },
      { name: 'none', dtype, shape: [0, 4], data: new dtypes[dtype].array(0) },
      { name: 'one', dtype, shape: [], data: array.subarray(1, 2) },
    ];
    await writeCheckpoint(at('in'), entries);
    const before = await contents(at('in'));
    for (const format of formats) {
      const converted = convertCheckpoint(at('in'), at(`out.${format}`), { format });
      if (format === 'tensorflow_v1' && ['bfloat16', 'uint32', 'uint64'].includes(dtype)) {
        await expect(converted).rejects.toThrow(new RegExp(`TensorFlow V1 format cannot hold ${dtype}`));
      } else {
        await converted;
        expect(await contents(at(`out.${format}`))).toEqual(before);
      }
    }
  });

  test('strings pass between the TensorFlow formats, and are named where they cannot', async () => {
    const path = goldenPath('strings_v1', 'model.ckpt');
    await convertCheckpoint(path, at('v2'), { exclude: ['complex'] });
    await convertCheckpoint(at('v2'), at('v1'), { format: 'tensorflow_v1' });
    const [first, second] = [await contents(at('v2')), await contents(at('v1'))];
    expect(second).toEqual(first);
    await using reader = await openCheckpoint(path);
    const strings = [...reader.tensors.values()].filter(({ dtype }) => dtype === 'string');
    expect(strings.length).toBeGreaterThan(0);
    for (const { name, shape } of strings) {
      const expected = (await reader.readStrings(name)).map((bytes) => Buffer.from(bytes).toString('hex')).join();
      expect(second[name]).toEqual(['string', shape, expected]);
    }
    await expect(convertCheckpoint(at('v2'), at('x.safetensors'))).rejects.toThrow(
      /safetensors file cannot hold strings, as in \w+/,
    );
    expect(existsSync(at('x.safetensors'))).toBe(false);
  });

  test('what no format of ours holds as numbers is named, and can be left out', async () => {
    const header = JSON.stringify({
      c: { dtype: 'C64', shape: [1], data_offsets: [0, 8] },
      x: { dtype: 'F32', shape: [1], data_offsets: [8, 12] },
    });
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(at('complex.safetensors'), Buffer.concat([length, Buffer.from(header), Buffer.alloc(12)]));
    await expect(convertCheckpoint(at('complex.safetensors'), at('out'))).rejects.toThrow(
      /c is of dtype complex64, which cannot be converted\. Hint: leave it out: exclude: \['c'\]\./,
    );
    await convertCheckpoint(at('complex.safetensors'), at('out'), { exclude: ['c'] });
    expect(await namesIn(at('out'))).toEqual(['x']);
  });
});

describe('names', () => {
  test('are chosen by prefix', async () => {
    const path = await source();
    const convertedNames = async (options: ConvertOptions) => {
      await convertCheckpoint(path, at('out'), { ...options, overwrite: true });
      return namesIn(at('out'));
    };
    expect(await convertedNames({ include: ['net/conv1', 'global'] })).toEqual([
      'global_step',
      'net/conv1/biases',
      'net/conv1/weights',
    ]);
    expect(await convertedNames({ exclude: ['net/logits'] })).toEqual([
      'global_step',
      'net/conv1/biases',
      'net/conv1/weights',
    ]);
    expect(await convertedNames({ include: ['net/'], exclude: ['net/conv1/b', 'net/l'] })).toEqual([
      'net/conv1/weights',
    ]);
  });

  test('get another prefix; the first that fits counts', async () => {
    const { source: read, tensors } = await convertCheckpoint(await source(), at('out'), {
      rename: [
        ['net/conv1/', 'stem/'],
        ['net/', ''],
        ['', 'all/'],
      ],
    });
    expect(await namesIn(at('out'))).toEqual(['all/global_step', 'logits/weights', 'stem/biases', 'stem/weights']);
    expect({ read, tensors }).toEqual({
      read: { path: at('source.ckpt'), format: 'tensorflow_v2', tensors: 4 },
      tensors: 4,
    });
  });

  test.each<[ConvertOptions, RegExp]>([
    [{ include: ['net/conv2'] }, /No tensor has a name that starts with "net\/conv2"\. Hint: there are net\/conv1/],
    [{ exclude: ['Net'] }, /No tensor has a name that starts with "Net"/],
    [{ rename: [['nets/', 'x']] }, /No tensor has a name that starts with "nets\/"/],
    [{ exclude: ['net', 'global_step'] }, /None of the 4 tensors is left/],
    [
      { rename: [['net/logits/', 'net/conv1/']] },
      /Both net\/.*weights and net\/.*weights would be named "net\/conv1\/weights"/,
    ],
    [{ rename: [['global_step', '']] }, /Nothing would be left of the name global_step/],
    [{ rename: [['net/', 'net/']] }, /rename: expected pairs/],
    [{ rename: ['net'] as never }, /rename: expected pairs/],
    [{ include: 'net' as never }, /include: expected a list of prefixes/],
    [{ include: [''] }, /include: expected a list of prefixes/],
    [{ excludes: ['net'] } as never, /convertCheckpoint has no option excludes/],
    [{ format: 'onnx' as never }, /Expected format tensorflow_v1, /],
  ])('%j is refused, and nothing is written', async (options, message) => {
    const path = await source();
    await expect(convertCheckpoint(path, at('out'), options)).rejects.toThrow(message);
    expect(readdirSync(folder).filter((file) => !file.startsWith('source'))).toEqual([]);
  });
});

describe('files', () => {
  function linked(link: (from: string, to: string) => void, path: string): string {
    link(path, at('link.safetensors'));
    return at('link.safetensors');
  }

  test.each(formats)('that exist are replaced only when told to: %s', async (format) => {
    const path = await source();
    const out = at('out');
    await convertCheckpoint(path, out, { format, include: ['global'] });
    const before = await contents(out);
    await expect(convertCheckpoint(path, out, { format })).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
      message: expect.stringMatching(/exists already.*Hint: have it replaced: overwrite: true\./),
    });
    expect(await contents(out)).toEqual(before);
    await convertCheckpoint(path, out, { format, overwrite: true });
    expect(await namesIn(out)).toHaveLength(4);
  });

  test.each<[string, (path: string) => string]>([
    ['its name', (path) => path],
    ['another spelling', (path) => join(folder, '.', 'x', '..', path.slice(folder.length + 1))],
    ['a symbolic link', (path) => linked(symlinkSync, path)],
    ['a hard link', (path) => linked(linkSync, path)],
  ])('the source is never written, under %s', async (_, other) => {
    mkdirSync(at('x'));
    const path = at('source.safetensors');
    await writeCheckpoint(path, plain(['a']));
    const before = readFileSync(path);
    await expect(convertCheckpoint(path, other(path), { overwrite: true })).rejects.toThrow(
      /This is the source itself/,
    );
    expect(readFileSync(path)).toEqual(before);
  });

  test('nor is a V2 checkpoint onto itself, from its index or its folder', async () => {
    const path = await source();
    for (const name of [path, `${path}.index`])
      await expect(convertCheckpoint(name, path, { overwrite: true })).rejects.toThrow(/This is the source itself/);
  });

  test('a V1 file that a V2 checkpoint of its name would hide is refused', async () => {
    const path = await source();
    await expect(convertCheckpoint(path, path, { format: 'tensorflow_v1', overwrite: true })).rejects.toThrow(
      /V2 checkpoint of the same name/,
    );
    expect(existsSync(path)).toBe(false);
  });

  test('folders, missing sources and damaged ones leave nothing behind', async () => {
    const path = await source();
    mkdirSync(at('folder'));
    await expect(convertCheckpoint(path, at('folder'), { format: 'tensorflow_v1', overwrite: true })).rejects.toThrow(
      /A folder has that name/,
    );
    await expect(convertCheckpoint(path, `${folder}/`)).rejects.toThrow(/Expected the path/);
    await expect(convertCheckpoint(path, '')).rejects.toThrow(/Expected the path/);
    await expect(convertCheckpoint(at('nowhere'), at('out'))).rejects.toMatchObject({ code: 'ERR_CHECKPOINT' });
    const data = `${path}.data-00000-of-00001`;
    const bytes = readFileSync(data);
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
    writeFileSync(data, bytes);
    await expect(convertCheckpoint(path, at('out'))).rejects.toThrow(/checksum/);
    await expect(convertCheckpoint(path, at('out'), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    expect(readdirSync(folder).sort()).toEqual(['folder', 'source.ckpt.data-00000-of-00001', 'source.ckpt.index']);
  });

  test('the newest checkpoint of a folder is converted', async () => {
    const result = await convertCheckpoint(goldenPath('state'), at('out.safetensors'));
    expect(result.source.path).toMatch(/model\.ckpt-15$/);
  });
});
