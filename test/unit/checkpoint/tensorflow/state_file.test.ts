import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { latestCheckpoint, readCheckpointState, updateCheckpointState } from '../../../../lib/checkpoint/index.js';
import { ArgumentError, CheckpointError } from '../../../../lib/errors.js';
import { goldenFolder, makeFolder, readJson, removeFolder } from '../fixtures.js';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => removeFolder(folder));

const write = (text: string | Uint8Array): void => writeFileSync(join(folder, 'checkpoint'), text);
const expected = readJson<{ latest: string; all: string[] }>('state', 'expected.json');

test.each(['checkpoint', 'checkpoint_with_timestamps'])("TensorFlow's %s is read", async (name) => {
  copyFileSync(join(goldenFolder, 'state', name), join(folder, 'checkpoint'));
  expect(await readCheckpointState(folder)).toEqual({
    modelCheckpointPath: join(folder, expected.latest),
    allModelCheckpointPaths: expected.all.map((path) => join(folder, path)),
  });
});

test('what is written is what TensorFlow writes', async () => {
  const paths = expected.all.map((path) => join(folder, path));
  await updateCheckpointState(folder, {
    modelCheckpointPath: join(folder, expected.latest),
    allModelCheckpointPaths: paths,
  });
  expect(readFileSync(join(folder, 'checkpoint'), 'utf8')).toBe(
    readFileSync(join(goldenFolder, 'state', 'checkpoint'), 'utf8'),
  );
});

test('the newest checkpoint is found only where it exists', async () => {
  expect(await latestCheckpoint(folder)).toBeNull();
  write('model_checkpoint_path: "m-5"\nall_model_checkpoint_paths: "m-5"\n');
  expect(await latestCheckpoint(folder)).toBeNull();
  mkdirSync(join(folder, 'm-5'));
  expect(await latestCheckpoint(folder)).toBeNull();
  writeFileSync(join(folder, 'm-5.index'), '');
  expect(await latestCheckpoint(folder)).toBe(join(folder, 'm-5'));
});

test('V1 files and the pattern of V1 shards count as existing', async () => {
  write('model_checkpoint_path: "m-?????-of-00001"\n');
  expect(await latestCheckpoint(folder)).toBeNull();
  writeFileSync(join(folder, 'm-00000-of-00001'), '');
  expect(await latestCheckpoint(folder)).toBe(join(folder, 'm-?????-of-00001'));
});

test('paths outside of the folder stay absolute, and names of any characters come back', async () => {
  const strange = join(folder, 'späße "quoted" \\ back\nline\tтест');
  await updateCheckpointState(folder, { modelCheckpointPath: strange, allModelCheckpointPaths: ['/elsewhere/m-1'] });
  expect(readFileSync(join(folder, 'checkpoint'), 'utf8')).toMatch(/^[ -~\n]*$/);
  expect(await readCheckpointState(folder)).toEqual({
    modelCheckpointPath: strange,
    allModelCheckpointPaths: ['/elsewhere/m-1', strange],
  });
});

test('comments, other fields and single quotes are fine', async () => {
  write("# newest\n\n  model_checkpoint_path : '\\x6d-1'\nlast_preserved_timestamp: 1.5\n");
  expect((await readCheckpointState(folder))?.modelCheckpointPath).toBe(join(folder, 'm-1'));
});

test.each([
  ['no path', 'all_model_checkpoint_paths: "m-5"\n'],
  ['an empty path', 'model_checkpoint_path: ""\n'],
  ['a path without quotes', 'model_checkpoint_path: m-5\n'],
  ['a quote that does not end', 'model_checkpoint_path: "m-5\n'],
  ['an unknown escape', 'model_checkpoint_path: "m\\q"\n'],
  ['no field at all', 'hello\n'],
  ['binary data', '\u0000\u0001\u0002'],
  ['a path that is Latin-1', Buffer.from('model_checkpoint_path: "caf\xe9-5"\n', 'latin1')],
  ['a path whose escapes are no UTF-8', 'model_checkpoint_path: "caf\\351-5"\n'],
  ['two fields on a line', 'model_checkpoint_path: "m-5" all_model_checkpoint_paths: "m-5"\n'],
  ['a newest path twice', 'model_checkpoint_path: "m-5"\nmodel_checkpoint_path: "m-6"\n'],
  ['an unknown field', 'model_checkpoint_path: "m-5"\nmodel_checkpoint_paths: "m-6"\n'],
  ['a timestamp that is none', 'model_checkpoint_path: "m-5"\nlast_preserved_timestamp: yesterday\n'],
])('refuses %s', async (_, text) => {
  write(text);
  await expect(readCheckpointState(folder)).rejects.toThrow(CheckpointError);
});

test('the line that does not fit is named, and UTF-16 is read by its mark', async () => {
  write(Buffer.from('# \xe9\nmodel_checkpoint_path: "m-5"\n', 'latin1'));
  await expect(readCheckpointState(folder)).rejects.toThrow(/line 1 is not UTF-8/);
  write('model_checkpoint_path: "m-5"\n\nhello\n');
  await expect(readCheckpointState(folder)).rejects.toThrow(/Line 3: expected a field/);
  write(Buffer.from('\ufeffmodel_checkpoint_path: "m-5"\r\n', 'utf16le'));
  expect((await readCheckpointState(folder))?.modelCheckpointPath).toBe(join(folder, 'm-5'));
});

test('an empty path is not written', async () => {
  await expect(updateCheckpointState(folder, { modelCheckpointPath: '' })).rejects.toThrow(ArgumentError);
});
