import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FeatureFile } from '../../../lib/cli/feature_file.js';
import { OutputError } from '../../../lib/errors.js';
import { readNpy } from '../../helpers/npy.js';
import { mountSmallDisk, onFullDisk } from '../../helpers/small_disk.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-features-'));
  path = join(folder, 'features.npy');
});
afterEach(() => rmSync(folder, { recursive: true }));

const width = 512;
const row = (i: number) => new Float32Array(width).fill(i + 0.5);
const name = (i: number) => `picture ${i}.jpg`;

/** Adds rows until one is refused. @returns how many were taken */
async function fill(file: FeatureFile, most: number): Promise<number> {
  for (let i = 0; i < most; i++) {
    try {
      await file.add(row(i), name(i));
    } catch (error) {
      expect(error).toBeInstanceOf(OutputError);
      return i;
    }
  }
  return most;
}

/** Checks that both files hold the same rows, whole. @returns how many */
function rowsOf(file: string): number {
  const { shape, data } = readNpy(readFileSync(file));
  const [rows, columns] = shape as [number, number];
  expect([columns, data.length]).toEqual([width, rows * width]);
  for (let i = 0; i < rows; i++) expect(data[i * width]).toBe(i + 0.5);
  const names = readFileSync(`${file}.txt`, 'utf8');
  expect(names).toBe(Array.from({ length: rows }, (_, i) => `${name(i)}\n`).join(''));
  return rows;
}

test('rows are written as they come, and appear when the file is closed', async () => {
  const file = await FeatureFile.begin(path);
  for (let i = 0; i < 1000; i++) await file.add(row(i), name(i));
  // Two megabytes, of which a quarter of one is kept at most.
  const sizes = readdirSync(folder).map((each) => readFileSync(join(folder, each)).length);
  expect(Math.max(...sizes)).toBeGreaterThan(1.7e6);
  expect(existsSync(path)).toBe(false);
  await file.close();
  expect(file.shape).toEqual([1000, width]);
  expect(rowsOf(path)).toBe(1000);
  expect(readdirSync(folder).sort()).toEqual(['features.npy', 'features.npy.txt']);
});

test('without rows there is no file, and one from before stays', async () => {
  writeFileSync(path, 'from before');
  const file = await FeatureFile.begin(path);
  await file.close();
  expect(readdirSync(folder)).toEqual(['features.npy']);
  expect(readFileSync(path, 'utf8')).toBe('from before');
});

test.each([10, 300_000, 512 * 1024, 1_000_000])(
  'a disk that is full after %d bytes leaves whole rows',
  async (bytes) => {
    await onFullDisk(bytes, async () => {
      const file = await FeatureFile.begin(path);
      const taken = await fill(file, 1000);
      expect(taken).toBeLessThan(1000);
      // Who adds has been told of the full disk; what has been gathered since may still be told of here.
      await file.close().catch((error: unknown) => expect(error).toBeInstanceOf(OutputError));
      const [rows] = file.shape;
      if (rows === 0) {
        expect(readdirSync(folder)).toEqual([]);
        expect(bytes).toBe(10);
      } else {
        expect(rowsOf(path)).toBe(rows);
        expect(rows).toBeGreaterThan(bytes / (4 * width) - 20);
      }
    });
  },
);

test('the end of the rows may be what finds the disk full', async () => {
  await onFullDisk(10_000, async () => {
    const file = await FeatureFile.begin(path);
    // All of them are still in memory.
    expect(await fill(file, 20)).toBe(20);
    await expect(file.close()).rejects.toThrow(/cannot be written: no space is left on the device\.$/);
    expect(file.shape).toEqual([4, width]);
    expect(rowsOf(path)).toBe(4);
  });
});

test('on a disk that is really full', async () => {
  const disk = mountSmallDisk(600);
  if (disk === null) return;
  try {
    const file = await FeatureFile.begin(join(disk.folder, 'features.npy'));
    const taken = await fill(file, 1000);
    expect(taken).toBeLessThan(1000);
    await file.close();
    const rows = rowsOf(join(disk.folder, 'features.npy'));
    expect(rows).toBeGreaterThan(100);
    expect(readdirSync(disk.folder).sort()).toEqual(['features.npy', 'features.npy.txt']);
  } finally {
    disk.remove();
  }
});

test('a place that is none is refused before there is a row', async () => {
  await expect(FeatureFile.begin('/proc/features.npy')).rejects.toThrow(OutputError);
  await expect(FeatureFile.begin(folder)).rejects.toThrow(/Expected the name of a file, this is a folder/);
});
