import files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCheckpoint, writeCheckpoint } from '../../../../lib/checkpoint/index.js';
import { Graph } from '../../../../lib/core/graph.js';
import { loadModel } from '../../../../lib/model/index.js';
import { Session } from '../../../../lib/runtime/session/session.js';
import { Saver } from '../../../../lib/runtime/variables/saver.js';
import * as slim from '../../../../lib/slim/index.js';
import { assignFromCheckpoint } from '../../../../lib/slim_namespace.js';
import { writePlainCheckpoint } from '../../../helpers/plain_checkpoint.js';

let folder = '';
let path = '';
let session: Session;

beforeAll(async () => {
  folder = await files.mkdtemp(join(tmpdir(), 'slimnet-opened-'));
  path = join(folder, 'model.ckpt');
  await writeCheckpoint(path, [{ name: 'v', dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) }]);
  const graph = new Graph();
  graph.build(() => slim.variable('v', { shape: [2] }));
  session = await Session.create(graph, { device: 'reference' });
});
afterAll(async () => {
  session.dispose();
  await files.rm(folder, { recursive: true });
});

/** How often each file of a checkpoint is opened by `work`, by the end of its name. */
async function opensOf(prefix: string, work: () => Promise<unknown>): Promise<Record<string, number>> {
  const open = jest.spyOn(files, 'open');
  try {
    await work();
    const counts: Record<string, number> = {};
    for (const [file] of open.mock.calls) {
      if (!String(file).startsWith(prefix)) continue;
      const end = String(file).slice(prefix.length);
      counts[end] = (counts[end] ?? 0) + 1;
    }
    return counts;
  } finally {
    open.mockRestore();
  }
}

const once = { '.index': 1, '.data-00000-of-00001': 1 };
const v = () => session.graph.variable('v');
const values = () => Array.from(session.read('v') as Float32Array);

test.each<[string, () => Promise<unknown>]>([
  ['session.restore', () => session.restore(path)],
  ['Saver.restore', () => new Saver().restore(session, path)],
  ['assignFromCheckpoint', () => assignFromCheckpoint(session, path, [v()])],
])('%s opens each file of a checkpoint once', async (_, restore) => {
  session.write('v', Float32Array.of(0, 0));
  expect(await opensOf(path, restore)).toEqual(once);
  expect(values()).toEqual([1, 2]);
});

test('loadModel opens each file of its checkpoint once', async () => {
  const checkpoint = await writePlainCheckpoint(join(folder, 'plain.ckpt'), 10);
  const load = async (): Promise<void> => {
    const model = await loadModel('resnet_v1_50', { checkpoint, imageSize: 32, precision: 'float32' });
    await model[Symbol.asyncDispose]();
  };
  expect(await opensOf(checkpoint, load)).toEqual(once);
});

test('an open checkpoint is restored from, and stays open', async () => {
  session.write('v', Float32Array.of(0, 0));
  const reader = await openCheckpoint(path);
  try {
    expect(await opensOf(path, () => session.restore(reader))).toEqual({});
    expect(values()).toEqual([1, 2]);
    expect((await reader.read('v')).data).toEqual(Float32Array.of(1, 2));
  } finally {
    await reader.close();
  }
  await expect(session.restore(reader)).rejects.toThrow(/closed/);
  expect(values()).toEqual([1, 2]);
});

test('a checkpoint that is closed while it is restored from keeps its files open until the end', async () => {
  const reader = await openCheckpoint(path);
  session.write('v', Float32Array.of(0, 0));
  const nameMap = () => {
    void reader.close(); // before anything is read
    return 'v';
  };
  await expect(session.restore(reader, { nameMap })).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  expect(values()).toEqual([0, 0]);
  let read: unknown;
  const other = await openCheckpoint(path);
  const using = other.use(async () => {
    const range = other.range('v');
    await new Promise((resolve) => setTimeout(resolve, 20));
    read = await range?.source.readInto(new Uint8Array(8), range.offset).then(() => 'open');
  });
  await other.close();
  await using;
  expect(read).toBe('open');
});

test('an abort ends a restore from an open checkpoint that has no signal of its own', async () => {
  const reader = await openCheckpoint(path);
  try {
    const controller = new AbortController();
    const restoring = session.restore(reader, { signal: controller.signal });
    controller.abort('enough');
    await expect(restoring).rejects.toBe('enough');
  } finally {
    await reader.close();
  }
});
