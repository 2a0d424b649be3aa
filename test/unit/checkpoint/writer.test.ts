import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { temporaryPath } from '../../../lib/checkpoint/files/temporary_files.js';
import {
  type CheckpointEntry,
  openCheckpoint,
  writeAtomically,
  writeCheckpoint,
} from '../../../lib/checkpoint/index.js';
import { ArgumentError, CheckpointError } from '../../../lib/errors.js';
import { makeFolder, removeFolder, specEntries } from './fixtures.js';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => removeFolder(folder));

const formats = ['tensorflow_v1', 'tensorflow_v2', 'safetensors'] as const;
const small: CheckpointEntry = { name: 'x', dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) };

describe.each(formats)('%s', (format) => {
  test('values given as functions are fetched one at a time, and a buffer may be used again', async () => {
    const shared = new Float32Array(1000);
    let open = 0;
    let most = 0;
    const entries = Array.from(
      { length: 20 },
      (_, i): CheckpointEntry => ({
        name: `t${String(i).padStart(2, '0')}`,
        dtype: 'float32',
        shape: [1000],
        data: async () => {
          most = Math.max(most, ++open);
          await Promise.resolve();
          open--;
          return shared.fill(i);
        },
      }),
    );
    const path = join(folder, 'm');
    await writeCheckpoint(path, entries, { format });
    expect(most).toBe(1);
    await using reader = await openCheckpoint(path);
    for (let i = 0; i < 20; i++) {
      const { data } = await reader.read(`t${String(i).padStart(2, '0')}`);
      expect(new Set(data as Float32Array)).toEqual(new Set([i]));
    }
  });

  test('entries may come from an async generator and in any order', async () => {
    async function* generate(): AsyncGenerator<CheckpointEntry> {
      for (const name of ['z', 'é', 'a/b', 'a', 'a1', '😀', '\uffff']) yield { ...small, name };
    }
    const result = await writeCheckpoint(join(folder, 'm'), generate(), { format });
    expect(result).toMatchObject({ format, tensors: 7 });
    await using reader = await openCheckpoint(join(folder, 'm'));
    expect([...reader.tensors.keys()]).toEqual(['a', 'a/b', 'a1', 'z', 'é', '\uffff', '😀']);
  });

  test('a checkpoint without tensors is one', async () => {
    await writeCheckpoint(join(folder, 'm'), [], { format });
    await using reader = await openCheckpoint(join(folder, 'm'));
    expect(reader.tensors.size).toBe(0);
  });

  test('an earlier checkpoint stays whole and nothing is left behind when a value cannot be had', async () => {
    const path = join(folder, 'm');
    await writeCheckpoint(path, [small], { format });
    const before = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('hex')]);
    const failing: CheckpointEntry = {
      ...small,
      name: 'y',
      data: () => {
        throw new Error('no value');
      },
    };
    await expect(
      writeCheckpoint(path, [{ ...small, data: Float32Array.of(9, 9) }, failing], { format }),
    ).rejects.toThrow('no value');
    expect(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('hex')])).toEqual(before);
  });

  test('an aborted one leaves nothing behind', async () => {
    const controller = new AbortController();
    const entries: CheckpointEntry[] = [
      small,
      {
        name: 'z',
        dtype: 'float32',
        shape: [1 << 18],
        data: () => {
          controller.abort();
          return new Float32Array(1 << 18);
        },
      },
    ];
    const writing = writeCheckpoint(join(folder, 'm'), entries, { format, signal: controller.signal });
    await expect(writing).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([
    ['data of another length', { ...small, shape: [3] }],
    ['data of another array type', { ...small, data: Int32Array.of(1, 2) as never }],
    ['data that is no array', { ...small, data: 'x' as never }],
    ['an unknown dtype', { ...small, dtype: 'float33' as never }],
    ['a negative dimension', { ...small, shape: [-2] }],
    ['a shape that is none', { ...small, shape: 2 as never }],
    ['an empty name', { ...small, name: '' }],
    ['a name with a zero character', { ...small, name: 'a\0b' }],
    ['a name that is no text in UTF-8', { ...small, name: '\ud800' }],
  ])('refuses %s', async (_, entry) => {
    await expect(writeCheckpoint(join(folder, 'm'), [entry as CheckpointEntry], { format })).rejects.toThrow(
      ArgumentError,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  test('refuses two tensors of one name', async () => {
    await expect(writeCheckpoint(join(folder, 'm'), [small, small], { format })).rejects.toThrow(
      'two tensors named "x"',
    );
  });
});

test('the format follows the extension', async () => {
  expect((await writeCheckpoint(join(folder, 'a.safetensors'), [small])).format).toBe('safetensors');
  const { format, files, bytes } = await writeCheckpoint(join(folder, 'a.ckpt'), specEntries);
  expect({ format, bytes }).toEqual({ format: 'tensorflow_v2', bytes: 44 + 207 });
  expect(files).toEqual([join(folder, 'a.ckpt.data-00000-of-00001'), join(folder, 'a.ckpt.index')]);
  await expect(writeCheckpoint(join(folder, 'a'), [small], { format: 'zip' as never })).rejects.toThrow(ArgumentError);
  await expect(writeCheckpoint(`${folder}/`, [small])).rejects.toThrow(ArgumentError);
});

test('TensorFlow V1 cannot hold bfloat16, which is said before anything is written', async () => {
  const entry: CheckpointEntry = { name: 'x', dtype: 'bfloat16', shape: [1], data: Uint16Array.of(1) };
  await expect(writeCheckpoint(join(folder, 'm'), [entry], { format: 'tensorflow_v1' })).rejects.toThrow(
    /bfloat16.*tensorflow_v2/,
  );
});

test('missing folders are created', async () => {
  await writeCheckpoint(join(folder, 'a', 'b', 'm'), [small]);
  await using reader = await openCheckpoint(join(folder, 'a', 'b', 'm'));
  expect(reader.tensors.size).toBe(1);
});

describe('a V2 checkpoint over an earlier one of its prefix', () => {
  const dataOf = () => readdirSync(folder).filter((name) => name.startsWith('m.data-'));

  test('is written under a number of data files that is not in use, and the old data goes', async () => {
    const path = join(folder, 'm');
    await writeCheckpoint(path, [small]);
    expect(dataOf()).toEqual(['m.data-00000-of-00001']);
    const second = await writeCheckpoint(path, [small]);
    expect(dataOf()).toEqual(['m.data-00000-of-00002', 'm.data-00001-of-00002']);
    expect(second.files).toEqual([...dataOf(), 'm.index'].map((name) => join(folder, name)));
    await writeCheckpoint(path, [{ ...small, data: Float32Array.of(5, 6) }]);
    expect(dataOf()).toEqual(['m.data-00000-of-00001']);
    await using reader = await openCheckpoint(path);
    expect((await reader.read('x')).data).toEqual(Float32Array.of(5, 6));
  });

  test('passes over data that killed saves have left, and takes it away', async () => {
    const path = join(folder, 'm');
    await writeCheckpoint(path, [small]);
    for (const left of ['m.data-00000-of-00002', 'm.data-00000-of-00003']) writeFileSync(join(folder, left), 'left');
    writeFileSync(join(folder, 'other.data-00000-of-00001'), 'of another checkpoint');
    await writeCheckpoint(path, [small]);
    expect(dataOf()).toEqual([0, 1, 2, 3].map((shard) => `m.data-0000${shard}-of-00004`));
    expect(readdirSync(folder)).toContain('other.data-00000-of-00001');
  });

  test('can be opened all the time while it is saved anew', async () => {
    const path = join(folder, 'm');
    await writeCheckpoint(path, [small]);
    let saving = true;
    const saves = (async () => {
      for (let i = 0; i < 40; i++) await writeCheckpoint(path, [{ ...small, data: Float32Array.of(i, i) }]);
      saving = false;
    })();
    for (let opened = 0; saving; opened++) {
      await using reader = await openCheckpoint(path);
      const [a, b] = (await reader.read('x')).data as Float32Array;
      if (opened > 0) expect([a === b, a === 1 && b === 2]).toContain(true);
    }
    await saves;
  });
});

describe('temporary files', () => {
  const nameFor = (path: string, pid: number) => temporaryPath(path).replace(/-\d+(-[0-9a-f]{8}\.tmp)$/, `-${pid}$1`);

  test('of processes that are gone are removed by the next save of the same file, and no others', async () => {
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    const path = join(folder, 'f');
    const abandoned = nameFor(path, gone);
    const others = [
      nameFor(join(folder, 'g'), gone),
      nameFor(path, process.pid),
      nameFor(path, 1),
      join(folder, '.slimnet-x.tmp'),
    ];
    for (const file of [abandoned, ...others]) writeFileSync(file, '');
    await writeAtomically([path], async () => undefined);
    const left = new Set(readdirSync(folder).map((name) => join(folder, name)));
    expect(left).toEqual(new Set([path, ...others]));
  });

  test('have names of moderate length whatever the file is called', () => {
    expect(basename(temporaryPath(join(folder, 'é'.repeat(120)))).length).toBeLessThan(60);
  });
});

describe('writing atomically', () => {
  test('a file is replaced only when the new one is complete', async () => {
    const path = join(folder, 'f');
    writeFileSync(path, 'old');
    let during = '';
    await writeAtomically([path], async ([sink]) => {
      await sink?.write([Buffer.from('new'), Buffer.alloc(1 << 17, 'x')]);
      during = readFileSync(path, 'utf8');
    });
    expect(during).toBe('old');
    expect(readFileSync(path, 'utf8')).toBe(`new${'x'.repeat(1 << 17)}`);
    expect(readdirSync(folder)).toEqual(['f']);
  });

  test('parts of all sizes come out in order', async () => {
    const path = join(folder, 'f');
    const parts = [10, 100_000, 0, 65_536, 65_535, 300_000, 1, 262_144, 70].map((size, i) => Buffer.alloc(size, i));
    await writeAtomically([path], async ([sink]) => {
      for (const part of parts) await sink?.write([part]);
      expect(sink?.bytes).toBe(Buffer.concat(parts).length);
    });
    expect(Buffer.compare(readFileSync(path), Buffer.concat(parts))).toBe(0);
  });

  test('what the system refuses is a CheckpointError, and nothing is left behind', async () => {
    mkdirSync(join(folder, 'taken'));
    writeFileSync(join(folder, 'taken', 'inside'), '');
    await expect(writeAtomically([join(folder, 'taken')], async () => undefined)).rejects.toThrow(CheckpointError);
    expect(readdirSync(folder)).toEqual(['taken']);
    writeFileSync(join(folder, 'file'), '');
    await expect(writeAtomically([join(folder, 'file', 'below')], async () => undefined)).rejects.toThrow(
      CheckpointError,
    );
  });

  test('a name that is too long is refused before anything is written, and no folder is made for it', async () => {
    for (const name of [join('new', 'x'.repeat(300)), join('new', 'x'.repeat(300), 'file')]) {
      const body = jest.fn();
      await expect(writeAtomically([join(folder, name)], body)).rejects.toThrow('ENAMETOOLONG');
      expect(body).not.toHaveBeenCalled();
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  test('a folder that may not be written is named', async () => {
    const locked = join(folder, 'locked');
    mkdirSync(locked);
    chmodSync(locked, 0o500);
    const writing = writeAtomically([join(locked, 'f')], async () => undefined);
    // The superuser may write everywhere.
    if (process.getuid?.() === 0) await expect(writing).resolves.toBeUndefined();
    else await expect(writing).rejects.toThrow('EACCES');
  });
});
