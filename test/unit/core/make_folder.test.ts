import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, removeMadeFolders } from '../../../lib/core/make_folder.js';
import { temporaryFolder } from '../../helpers/temporary_folder.js';

const folder = temporaryFolder('make-folder');

test('makes all that are missing, and is content with what is there', async () => {
  const path = join(folder, 'a', 'b', 'c');
  await Promise.all([makeFolder(path), makeFolder(path)]);
  await makeFolder(path);
  expect(statSync(path).isDirectory()).toBe(true);
  await makeFolder('/');
});

test('fails where a file is in the way', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  await expect(makeFolder(file)).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolder(join(file, 'a'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});

// Linux's /proc stands for all folders that take no others, which Node's recursive mkdir tries for ever.
test('fails where a folder takes no others', async () => {
  for (const path of ['/proc/slimnet', '/proc/slimnet/runs/a'])
    await expect(makeFolder(path)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('leaves none behind where the last one has a name that is too long', async () => {
  await expect(makeFolder(join(folder, 'd', 'e', 'x'.repeat(300)))).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
  expect(existsSync(join(folder, 'd'))).toBe(false);
});

test('those that were made are taken back, up to where others have put something', async () => {
  const path = join(folder, 'f', 'g', 'h');
  const first = await makeFolder(path);
  expect(first).toBe(join(folder, 'f'));
  expect(await makeFolder(path)).toBeNull();
  await removeMadeFolders(null, path);
  expect(existsSync(path)).toBe(true);
  writeFileSync(join(folder, 'f', 'file'), '');
  await removeMadeFolders(first, path);
  expect(readdirSync(join(folder, 'f'))).toEqual(['file']);
});
