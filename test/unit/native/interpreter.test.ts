import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { interpreterOf } from '../../../lib/native/interpreter.js';
import { temporaryFolder } from '../../helpers/temporary_folder.js';

const folder = temporaryFolder('interpreter');

/** A program of two headers, of which the second names a loader that stands at `place`. */
function program(loader: string, place: number): string {
  const bytes = Buffer.alloc(place + loader.length + 1);
  bytes.write('\x7fELF\x02\x01', 'latin1');
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(2, 56);
  bytes.writeUInt32LE(1, 64);
  bytes.writeUInt32LE(3, 120);
  bytes.writeBigUInt64LE(BigInt(place), 128);
  bytes.writeBigUInt64LE(BigInt(loader.length + 1), 152);
  bytes.write(loader, place, 'latin1');
  const path = join(folder, `program-${place}`);
  writeFileSync(path, bytes);
  return path;
}

test.each([200, 100_000])('the loader of a program is found where its headers say, at byte %i', (place) => {
  expect(interpreterOf(program('/lib/ld-musl-x86_64.so.1', place))).toBe('/lib/ld-musl-x86_64.so.1');
});

test('Node itself names one', () => {
  if (process.platform === 'linux') expect(interpreterOf(execPath)).toMatch(/\/ld-/);
  else expect(interpreterOf(execPath)).toBeUndefined();
});

test.each([
  ['an empty file', ''],
  ['a script', '#!/bin/sh\n'.repeat(20)],
  ['the head of a program', '\x7fELF\x02\x01'],
])('%s has none', (name, text) => {
  const path = join(folder, name);
  writeFileSync(path, text, 'latin1');
  expect(interpreterOf(path)).toBeUndefined();
});
