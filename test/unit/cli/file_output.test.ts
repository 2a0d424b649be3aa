import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FileCalls, FileOutput } from '../../../lib/cli/file_output.js';
import { writeEnd, writeOut } from '../../../lib/cli/io.js';
import { OutputError } from '../../../lib/errors.js';
import { fakeIo } from '../../helpers/cli.js';
import { mountSmallDisk, noSpace } from '../../helpers/small_disk.js';

/** A file in memory on a disk of so many bytes, which may hold something already. */
class MemoryFile implements FileCalls {
  text: string;
  readonly #room: number;
  readonly #appends: boolean;
  #position: number;

  constructor(room: number, text = '', appends = false) {
    this.#room = room;
    this.#appends = appends;
    this.text = text;
    this.#position = text.length;
  }

  write = async (_: number, bytes: Uint8Array, offset: number, length: number, position: number | null) => {
    const at = this.#appends ? this.text.length : (position ?? this.#position);
    const taken = Math.min(length, this.#room - at, 7);
    if (taken <= 0) throw noSpace();
    this.text = this.text.padEnd(at, '\0').slice(0, at) + Buffer.from(bytes).toString('utf8', offset, offset + taken);
    if (position === null) this.#position += taken;
    return taken;
  };
  size = async () => this.text.length;
  truncate = async (_: number, size: number) => {
    this.text = this.text.slice(0, size);
  };
}

function over(file: MemoryFile) {
  return { ...fakeIo(), out: new FileOutput(1, file) };
}

test('a write is there whole, however the system takes it', async () => {
  const file = new MemoryFile(1000, 'before\n');
  const io = over(file);
  await Promise.all([writeOut(io, 'a line that is long\n'), writeOut(io, 'another one\n')]);
  expect(file.text).toBe('before\na line that is long\nanother one\n');
});

test('what a full disk has taken of a write is cut off again, and shorter writes go on behind the last whole one', async () => {
  const file = new MemoryFile(30, 'before\n');
  const io = over(file);
  await writeOut(io, 'first line\n');
  const failing = writeOut(io, 'a line that is too long\n');
  await expect(failing).rejects.toThrow(OutputError);
  await expect(failing).rejects.toThrow('Standard output cannot be written: no space is left on the device.');
  expect(file.text).toBe('before\nfirst line\n');
  await writeOut(io, 'short\n');
  expect(file.text).toBe('before\nfirst line\nshort\n');
});

test('what others have written meanwhile stays', async () => {
  const file = new MemoryFile(40, '', true);
  const { write } = file;
  let calls = 0;
  file.write = async (...args) => {
    const taken = await write(...args);
    if (++calls === 2) file.text += 'of others\n';
    return taken;
  };
  const io = over(file);
  await expect(writeOut(io, 'a line that is far too long for so small a disk\n')).rejects.toThrow(OutputError);
  expect(file.text).toContain('of others\n');
});

test.each([
  // There is room for the end; for it in place of the last result; for no result.
  [30, '[1,2]\n', false],
  [5, '[1]\n', true],
  [3, '[]\n', true],
])('what closes the results finds room on a disk of %d bytes', async (room, expected, fails) => {
  const file = new MemoryFile(room);
  const io = over(file);
  let written = 0;
  for (const record of ['[1', ',2']) {
    await writeOut(io, record).then(
      () => written++,
      () => {},
    );
  }
  const ending = writeEnd(io, written, (results) => (results === 0 ? '[]\n' : ']\n'));
  if (fails) await expect(ending).rejects.toThrow(OutputError);
  else await ending;
  expect(file.text).toBe(expected);
});

test('on a disk that is really full, by the calls of the system', async () => {
  const disk = mountSmallDisk(16);
  if (disk === null) return;
  try {
    const path = join(disk.folder, 'out.txt');
    writeFileSync(path, 'before\n');
    const fd = openSync(path, 'a');
    const io = { ...fakeIo(), out: new FileOutput(fd) };
    const line = `${'x'.repeat(999)}\n`;
    let written = 0;
    while (
      await writeOut(io, line).then(
        () => true,
        () => false,
      )
    )
      written++;
    expect(written).toBeGreaterThan(10);
    expect(readFileSync(path, 'utf8')).toBe(`before\n${line.repeat(written)}`);
    await writeOut(io, 'short\n');
    expect(readFileSync(path, 'utf8')).toBe(`before\n${line.repeat(written)}short\n`);
    expect(await io.out.takeBack()).toBe(true);
    expect(await io.out.takeBack()).toBe(false);
    closeSync(fd);
    expect(readFileSync(path, 'utf8')).toBe(`before\n${line.repeat(written)}`);
  } finally {
    disk.remove();
  }
});

test('a file that is written from its beginning keeps no hole behind what was cut off', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'slimnet-file-output-'));
  const path = join(folder, 'out.txt');
  const fd = openSync(path, 'w');
  const io = { ...fakeIo(), out: new FileOutput(fd) };
  await writeOut(io, 'one\n');
  await writeOut(io, 'two\n');
  expect(await io.out.takeBack()).toBe(true);
  await writeOut(io, '2\n');
  closeSync(fd);
  expect(readFileSync(path, 'utf8')).toBe('one\n2\n');
  rmSync(folder, { recursive: true });
});
