/** Paths that are no regular files: pipes are not waited for, devices and pipes not replaced. */
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  latestCheckpoint,
  openCheckpoint,
  writeCheckpoint,
  writeFileAtomically,
} from '../../../lib/checkpoint/index.js';
import { loadLabels } from '../../../lib/model/labels/load_labels.js';
import { makeFolder, removeFolder } from './fixtures.js';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => removeFolder(folder));

function pipe(name: string): string {
  const path = join(folder, name);
  execFileSync('mkfifo', [path]);
  return path;
}

test('a pipe is no checkpoint, no state file and no list of labels', async () => {
  await expect(openCheckpoint(pipe('model.ckpt'))).rejects.toThrow(/Expected a regular file/);
  pipe('checkpoint');
  await expect(latestCheckpoint(folder)).rejects.toThrow(/Expected a state file/);
  await expect(openCheckpoint(folder)).rejects.toThrow(/Expected a state file/);
  await expect(loadLabels(pipe('labels.txt'), 3)).rejects.toMatchObject({
    code: 'ERR_ARGUMENT',
    message: expect.stringMatching(/this is a folder, device or pipe/),
  });
});

test.each(['tensorflow_v1', 'safetensors'] as const)(
  'a pipe, a folder or a link to a device is not replaced by a %s file',
  async (format) => {
    const device = join(folder, 'link to a device');
    symlinkSync('/dev/null', device);
    mkdirSync(join(folder, 'folder'));
    const entry = { name: 'x', dtype: 'float32', shape: [1], data: new Float32Array(1) } as const;
    for (const path of [pipe('pipe'), device, join(folder, 'folder')]) {
      await expect(writeCheckpoint(path, [entry], { format })).rejects.toMatchObject({
        code: 'ERR_CHECKPOINT',
        message: expect.stringMatching(/Expected the name of a file/),
      });
      await expect(writeFileAtomically(path, new Uint8Array(1))).rejects.toThrow(/Expected the name of a file/);
      expect(lstatSync(path).isFile()).toBe(false);
    }
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  },
);
