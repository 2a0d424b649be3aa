/** One training a folder. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Graph, optimizers, slim } from '../../../lib/index.js';
import { loadAddon } from '../../../lib/native/binding.js';
import { FolderLock } from '../../../lib/train/index.js';
import { smallTrainer } from '../../helpers/small_training.js';
import { linearProblem } from '../../helpers/training.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a folder is had by one, and says by whom', () => {
  const lock = FolderLock.take(folder);
  const text = readFileSync(join(folder, 'training.lock'), 'utf8');
  expect(text).toContain(`process ${process.pid} on `);
  expect(() => FolderLock.take(folder)).toThrow(
    expect.objectContaining({
      code: 'ERR_OUTPUT',
      path: join(folder, 'training.lock'),
      message: expect.stringContaining(`process ${process.pid} on `) as unknown,
    }),
  );
  lock.release();
  lock.release();
  FolderLock.take(folder).release();
});

test('that of a process which was killed is free', async () => {
  const hold =
    'import fcntl, sys, time; f = open(sys.argv[1], "a"); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); time.sleep(600)';
  const other = spawn('python3', ['-c', hold, join(folder, 'training.lock')], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(other.stdout, 'data');
  expect(() => FolderLock.take(folder)).toThrow(/Another training/);
  const closed = once(other, 'close');
  other.kill('SIGKILL');
  await closed;
  FolderLock.take(folder).release();
});

test('a folder that cannot be written is said by name', () => {
  expect(() => FolderLock.take(join(folder, 'missing'))).toThrow(/lock cannot be made: there is no such file/);
});

test('what is no open file is refused', () => {
  for (const file of [-1, 0.5, 2 ** 31 - 1, 'x'])
    expect(() => loadAddon().lockFile(file as number)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
});

test('two trainers of one train dir: the second is refused until the first is closed', async () => {
  const first = await smallTrainer({ trainDir: folder, steps: 1 });
  await expect(smallTrainer({ trainDir: folder, steps: 1 })).rejects.toMatchObject({ code: 'ERR_OUTPUT' });
  await first.close();
  const second = await smallTrainer({ trainDir: folder, steps: 1 });
  await second.close();
  // One that could not be made lets go of it as well.
  await expect(smallTrainer({ trainDir: folder, steps: 1, checkpoint: 'missing.ckpt' })).rejects.toThrow(/missing/);
  FolderLock.take(folder).release();
});

test('so is slim.learning.train', async () => {
  const { graph, loss } = linearProblem([1]);
  expect(graph).toBeInstanceOf(Graph);
  const trainOp = slim.learning.createTrainOp(loss, optimizers.gradientDescent(0.1));
  const lock = FolderLock.take(folder);
  const options = { feeds: () => ({ gradient: Float32Array.of(1) }), numberOfSteps: 1, log: () => {} };
  await expect(slim.learning.train(trainOp, folder, options)).rejects.toMatchObject({ code: 'ERR_OUTPUT' });
  lock.release();
  await slim.learning.train(trainOp, folder, options);
  FolderLock.take(folder).release();
});
