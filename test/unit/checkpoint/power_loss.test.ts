import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CheckpointEntry,
  openCheckpoint,
  writeAtomically,
  writeCheckpoint,
  writeFileAtomically,
} from '../../../lib/checkpoint/index.js';
import { CheckpointError } from '../../../lib/errors.js';
import { beforeWrites, type Disk, disksAfterPowerLoss, record } from '../../helpers/recorded_disk.js';
import { makeFolder, removeFolder } from './fixtures.js';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => removeFolder(folder));

const entriesOf = (value: number): CheckpointEntry[] =>
  ['a', 'b', 'c'].map((name) => ({ name, dtype: 'float32', shape: [40], data: new Float32Array(40).fill(value) }));

function diskOf(path: string): Disk {
  return new Map(readdirSync(path).map((name) => [join(path, name), readFileSync(join(path, name))]));
}

/** Gives the folder the contents of a disk. */
function become(disk: Disk): void {
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  for (const [path, bytes] of disk) writeFileSync(path, bytes);
}

/** The one value of all tensors. @throws when the checkpoint cannot be loaded or is a mixture */
async function load(path: string): Promise<number> {
  await using reader = await openCheckpoint(path);
  const values = new Set<number>();
  for (const name of reader.tensors.keys()) {
    for (const value of (await reader.read(name)).data as Float32Array) values.add(value);
  }
  if (reader.tensors.size !== 3 || values.size !== 1) throw new Error(`a mixture: ${[...values]}`);
  return [...values][0] as number;
}

/** What each disk that a loss of power may leave gives, without repetitions. With SLIMNET_STAGES, disks are kept for other readers. */
async function outcomes(before: Disk, steps: Awaited<ReturnType<typeof record>>, path: string): Promise<unknown[]> {
  const found = new Set<unknown>();
  let count = 0;
  for (const disk of disksAfterPowerLoss(before, steps)) {
    become(disk);
    const stages = process.env.SLIMNET_STAGES;
    if (stages !== undefined)
      cpSync(folder, join(stages, `${expect.getState().currentTestName}-${count++}`), { recursive: true });
    found.add(await load(path).catch((error: Error) => error.message));
  }
  return [...found].sort();
}

describe.each(['tensorflow_v1', 'tensorflow_v2', 'safetensors'] as const)('%s', (format) => {
  const path = () => join(folder, 'm');

  test('a save over an earlier one that loses power leaves the old or the new one', async () => {
    await writeCheckpoint(path(), entriesOf(1), { format });
    const before = diskOf(folder);
    const steps = await record(() => writeCheckpoint(path(), entriesOf(2), { format }));
    expect(await outcomes(before, steps, path())).toEqual([1, 2]);
  });

  test('so does the next save after one that was lost', async () => {
    await writeCheckpoint(path(), entriesOf(1), { format });
    const first = await record(() => writeCheckpoint(path(), entriesOf(2), { format }));
    const lost = [...disksAfterPowerLoss(diskOf(folder), first)].filter((_, i) => i % 5 === 0);
    for (const disk of lost) {
      become(disk);
      const before = await load(path()).catch(() => null);
      if (before === null) continue;
      const start = diskOf(folder);
      const steps = await record(() => writeCheckpoint(path(), entriesOf(3), { format }));
      expect(await outcomes(start, steps, path())).toEqual([before, 3]);
    }
  });

  test('a first save that loses power leaves nothing that looks like a checkpoint, or the whole of it', async () => {
    const steps = await record(() => writeCheckpoint(path(), entriesOf(1), { format }));
    for (const outcome of await outcomes(new Map(), steps, path())) {
      expect(outcome === 1 || /no checkpoint of that name|its .index file is needed/.test(String(outcome))).toBe(true);
    }
  });
});

test('the model of a loss of power finds what data and index under the same names would lose', async () => {
  const path = join(folder, 'm');
  await writeCheckpoint(path, entriesOf(1));
  const before = diskOf(folder);
  const steps = await record(async () => {
    const other = join(folder, 'other');
    await writeCheckpoint(other, entriesOf(2));
    const names = ['.data-00000-of-00001', '.index'];
    const [data, index] = names.map((end) => readFileSync(other + end)) as [Buffer, Buffer];
    await writeAtomically(
      names.map((end) => path + end),
      async ([first, second]) => {
        await first?.write([data]);
        await second?.write([index]);
      },
    );
  });
  const found = await outcomes(before, steps, path);
  expect(found).toEqual([expect.stringMatching(/checksum of a is wrong/), 1, 2]);
});

test('a single file that loses power is the old or the new one', async () => {
  const path = join(folder, 'f.json');
  await writeFileAtomically(path, Buffer.from('old'));
  const before = diskOf(folder);
  const steps = await record(() => writeFileAtomically(path, Buffer.from('new')));
  const found = new Set([...disksAfterPowerLoss(before, steps)].map((disk) => disk.get(path)?.toString()));
  expect([...found].sort()).toEqual(['new', 'old']);
});

test.each(['tensorflow_v1', 'tensorflow_v2', 'safetensors'] as const)(
  '%s: a disk that fills up in the middle keeps the old one, leaves nothing behind, and is named',
  async (format) => {
    const path = join(folder, 'm');
    await writeCheckpoint(path, entriesOf(1), { format });
    const files = readdirSync(folder).sort();
    for (let fails = 0; ; fails++) {
      let writes = 0;
      const undo = beforeWrites(() => {
        if (writes++ === fails)
          throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      });
      const result = await writeCheckpoint(path, entriesOf(2), { format }).catch((error: Error) => error);
      undo();
      if (writes <= fails) {
        expect(await load(path)).toBe(2);
        expect(fails).toBeGreaterThan(0);
        return;
      }
      expect(result).toBeInstanceOf(CheckpointError);
      expect((result as Error).message).toMatch(/cannot be written.*ENOSPC/);
      expect(readdirSync(folder).sort()).toEqual(files);
      expect(await load(path)).toBe(1);
    }
  },
);
