import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { latestCheckpoint, readCheckpointState } from '../../../../lib/checkpoint/index.js';
import { Graph } from '../../../../lib/core/graph.js';
import { ArgumentError, CheckpointError } from '../../../../lib/errors.js';
import { Session } from '../../../../lib/runtime/session/session.js';
import { Saver } from '../../../../lib/runtime/variables/saver.js';
import * as slim from '../../../../lib/slim/index.js';
import { testDevice } from '../../../helpers/test_device.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-saver-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function withSession(body: (session: Session) => Promise<void>, shape: readonly number[] = [2]): Promise<void> {
  const graph = new Graph();
  graph.build(() => {
    slim.variable('v', { shape });
    slim.variable('w', { shape: [] });
    slim.localVariable(0, { name: 'count' });
  });
  const session = await Session.create(graph, { device: testDevice });
  try {
    await session.initialize();
    await body(session);
  } finally {
    session.dispose();
  }
}

const files = () => readdirSync(folder).sort();
const both = (name: string) => [`${name}.data-00000-of-00001`, `${name}.index`];

test('checkpoints are numbered, the newest five are kept, and the state file names them', async () => {
  await withSession(async (session) => {
    const saver = new Saver();
    const prefix = join(folder, 'model.ckpt');
    for (let step = 1; step <= 7; step++) {
      session.write('w', Float32Array.of(step));
      expect(await saver.save(session, prefix, { globalStep: step })).toBe(`${prefix}-${step}`);
    }
    const kept = [3, 4, 5, 6, 7].map((step) => `model.ckpt-${step}`);
    expect(files()).toEqual(['checkpoint', ...kept.flatMap(both)]);
    expect(saver.lastCheckpoints).toEqual(kept.map((name) => join(folder, name)));
    expect(readFileSync(join(folder, 'checkpoint'), 'utf8')).toBe(
      `model_checkpoint_path: "model.ckpt-7"\n${kept.map((name) => `all_model_checkpoint_paths: "${name}"\n`).join('')}`,
    );
    expect(await latestCheckpoint(folder)).toBe(`${prefix}-7`);
    await saver.restore(session, `${prefix}-4`);
    expect(Array.from(session.read('w') as Float32Array)).toEqual([4]);
  });
});

test('a path without a number is written over, and 0 keeps everything', async () => {
  await withSession(async (session) => {
    const one = new Saver({ maxToKeep: 1, variables: [session.graph.variable('v')] });
    for (const name of ['a', 'a', 'b']) await one.save(session, join(folder, name));
    expect(files()).toEqual([...both('b'), 'checkpoint']);
    const all = new Saver({ maxToKeep: 0 });
    for (const name of ['c', 'd']) await all.save(session, join(folder, name));
    expect(files()).toEqual([...both('b'), ...both('c'), 'checkpoint', ...both('d')].sort());
    expect(await readCheckpointState(folder)).toEqual({
      modelCheckpointPath: join(folder, 'd'),
      allModelCheckpointPaths: [join(folder, 'd')],
    });
    await new Saver().save(session, join(folder, 'e'), { writeState: false });
    expect(await latestCheckpoint(folder)).toBe(join(folder, 'd'));
  });
});

test('a saver of a later process goes on counting', async () => {
  await withSession(async (session) => {
    const prefix = join(folder, 'model.ckpt');
    const first = new Saver({ maxToKeep: 2 });
    await first.save(session, prefix, { globalStep: 1 });
    await first.save(session, prefix, { globalStep: 2n });
    const second = new Saver({ maxToKeep: 2 });
    second.setLastCheckpoints((await readCheckpointState(folder))?.allModelCheckpointPaths ?? []);
    await second.save(session, prefix, { globalStep: 3 });
    expect(files()).toEqual(['checkpoint', ...both('model.ckpt-2'), ...both('model.ckpt-3')]);
  });
});

test('V1 files are written and deleted too', async () => {
  await withSession(async (session) => {
    const saver = new Saver({ maxToKeep: 1, format: 'tensorflow_v1' });
    for (const globalStep of [1, 2]) await saver.save(session, join(folder, 'model'), { globalStep });
    expect(files()).toEqual(['checkpoint', 'model-2']);
  });
});

test('missing variables and other shapes are told in TensorFlow’s words, and nothing is changed', async () => {
  const path = join(folder, 'model');
  await withSession(async (session) => {
    await new Saver({ variables: [session.graph.variable('v')] }).save(session, path);
    session.write('v', Float32Array.of(7, 7));
    const failing = new Saver().restore(session, path);
    await expect(failing).rejects.toThrow(CheckpointError);
    await expect(failing).rejects.toThrow(/Key w not found in checkpoint/);
    expect(Array.from(session.read('v') as Float32Array)).toEqual([7, 7]);
  });
  await withSession(
    async (session) => {
      const variables = [session.graph.variable('v')];
      await expect(new Saver({ variables }).restore(session, path)).rejects.toThrow(
        /lhs shape \[2,1\], rhs shape \[2\]/,
      );
      await new Saver({ variables, reshape: true }).restore(session, path);
    },
    [2, 1],
  );
});

test('wrong options are refused', async () => {
  expect(() => new Saver({ maxToKeep: -1 })).toThrow(ArgumentError);
  expect(() => new Saver({ variables: ['v'] as never })).toThrow(ArgumentError);
  expect(() => new Saver({ keep: 3 } as never)).toThrow(/has no option keep/);
  expect(() => new Saver().setLastCheckpoints('a' as never)).toThrow(ArgumentError);
  await withSession(async (session) => {
    await expect(new Saver().save(session, '')).rejects.toThrow(ArgumentError);
    await expect(new Saver().save(session, join(folder, 'm'), { globalStep: 1.5 })).rejects.toThrow(/globalStep/);
  });
});

test('sessions save, restore and initialize the variables that they are told', async () => {
  await withSession(async (session) => {
    const path = join(folder, 'some');
    await session.save(path, { variables: ['w'] });
    session.write('w', Float32Array.of(9));
    session.write('count', Float32Array.of(5));
    const plan = await session.restore(path, { variables: [session.graph.variable('w')] });
    expect(plan.assignments.map(({ tensor }) => tensor)).toEqual(['w']);
    expect(session.read('count')[0]).toBe(5);
    await session.initialize({ variables: session.graph.getCollection('local_variables') });
    expect(session.read('count')[0]).toBe(0);
    expect((await session.save(join(folder, 'all'))).tensors).toBe(2);
    await expect(session.save(path, { variables: 'w' as never })).rejects.toThrow(/expected a list of variables/);
    await expect(session.restore(path, { variables: ['nothing'] })).rejects.toThrow(/is no variable of this session/);
  });
});
