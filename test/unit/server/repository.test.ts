/** Models that come, go, and are replaced while requests run. */
import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkpointFingerprint } from '../../../lib/checkpoint/index.js';
import { loadModel } from '../../../lib/model/index.js';
import { ModelRepository, startServer, type VersionSource } from '../../../lib/server/index.js';
import { configurationOf } from '../../../lib/server/inference/configuration.js';
import { versionsInFolder } from '../../../lib/server/repository/folder.js';
import { ofInstances } from '../../../lib/server/repository/instances.js';
import { watch } from '../../../lib/server/repository/watch.js';
import { type FakeModel, fakeModel, fakeRequest } from '../../helpers/fake_model.js';
import { largestDifference } from '../../helpers/network_fixtures.js';
import { preprocessedPixels, smallModel } from '../../helpers/small_server.js';
import { smallNetwork, smallTrainer } from '../../helpers/small_training.js';
import { temporaryFolder } from '../../helpers/temporary_folder.js';

const temporaryFolderOfRun = temporaryFolder('watched');

interface FakeSource extends VersionSource {
  /** The models that were loaded, in order. */
  readonly loaded: FakeModel[];
  mark: string;
  problem: Error | null;
}

function source(name: string, version: string): FakeSource {
  const fake: FakeSource = {
    ...{ name, version, loaded: [], mark: '1', problem: null },
    load: async () => {
      if (fake.problem !== null) throw fake.problem;
      const next = fakeModel(fake.loaded.length + 1);
      fake.loaded.push(next);
      return next.model;
    },
    fingerprint: async () => fake.mark,
  };
  return fake;
}

const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
};

describe('a repository', () => {
  test('serves the highest version that is ready, or the one that is asked for', async () => {
    const repository = new ModelRepository();
    const [one, two] = [source('m', '1'), source('m', '12')];
    repository.add(one);
    repository.add(two);
    expect(repository.ready).toBe(false);
    expect(() => repository.get('m')).toThrow('ready');
    await repository.load('m', '1');
    expect([repository.ready, repository.get('m').version]).toEqual([true, '1']);
    await repository.load('m', '12');
    expect([repository.get('m').version, repository.get('m', '1').version]).toEqual(['12', '1']);
    expect(repository.versions('m')).toEqual(['1', '12']);
    await repository.remove('m', '12');
    expect(two.loaded[0]?.disposed).toBe(true);
    expect(repository.get('m').version).toBe('1');
    await repository.unload('m');
    expect(() => repository.get('m')).toThrow('No version');
    expect(repository.index()).toEqual([{ name: 'm', version: '1', state: 'UNAVAILABLE', reason: 'unloaded' }]);
    for (const wrong of ['', 'a/b', '../x', '.hidden', 'a'.repeat(200)])
      expect(() => repository.add(source(wrong, '1'))).toThrow('named');
    for (const wrong of ['0', '-1', '1.5', 'latest'])
      expect(() => repository.add(source('n', wrong))).toThrow('version');
  });

  test('a version that is loaded anew answers until the new one is ready, and is freed once it has answered', async () => {
    const repository = new ModelRepository();
    const fake = source('m', '1');
    repository.add(fake);
    await repository.load('m', '1');
    const before = repository.get('m').model;
    fake.problem = new Error('The weights are damaged.');
    await expect(repository.load('m', '1')).rejects.toThrow('damaged');
    expect(repository.get('m').model).toBe(before);
    expect(repository.index()).toMatchObject([{ state: 'READY', reason: 'The weights are damaged.' }]);
    fake.problem = null;
    await repository.load('m', '1');
    expect(repository.get('m').model).not.toBe(before);
    await until(() => fake.loaded[0]?.disposed === true);
    await repository.close();
    expect(fake.loaded[1]?.disposed).toBe(true);
  });

  test('loads what has changed, once it has stopped changing, and tries nothing twice', async () => {
    const repository = new ModelRepository();
    const fake = source('m', '1');
    repository.add(fake);
    await repository.load('m', '1');
    await repository.refresh();
    await repository.refresh();
    expect(fake.loaded).toHaveLength(1);
    fake.mark = '2';
    await repository.refresh();
    fake.mark = '3';
    await repository.refresh();
    expect(fake.loaded).toHaveLength(1);
    await repository.refresh();
    expect(fake.loaded).toHaveLength(2);
    fake.problem = new Error('Damaged.');
    fake.mark = '4';
    await repository.refresh();
    await expect(repository.refresh()).rejects.toThrow('Damaged.');
    fake.problem = null;
    await repository.refresh();
    await repository.refresh();
    expect(fake.loaded).toHaveLength(2);
    await repository.close();
  });
});

describe('a model that is replaced under load', () => {
  test('fails no request', async () => {
    const repository = new ModelRepository();
    const fake = source('m', '1');
    repository.add(fake);
    await repository.load('m', '1');
    const server = await startServer({ models: repository, port: 0, drainDelayMs: 0, metrics: false });
    const statuses: number[] = [];
    let running = true;
    const answer = setInterval(() => {
      for (const { calls } of fake.loaded) for (const call of calls) call.finish();
    }, 1);
    const clients = Array.from({ length: 4 }, async () => {
      while (running) {
        const response = await fetch(`${server.url}/v2/models/m/infer`, {
          method: 'POST',
          body: JSON.stringify(fakeRequest),
        });
        statuses.push(response.status);
        await response.arrayBuffer();
      }
    });
    for (let i = 0; i < 5; i++) {
      const count = statuses.length;
      await until(() => statuses.length > count + 8);
      await repository.load('m', '1');
    }
    running = false;
    await Promise.all(clients);
    clearInterval(answer);
    await server.stop();
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(fake.loaded).toHaveLength(6);
    expect(fake.loaded.every(({ calls }) => calls.length > 0)).toBe(true);
    expect(fake.loaded.every(({ disposed }) => disposed)).toBe(true);
  });
});

describe('watching', () => {
  test('adds versions that come, lets the old one go after that, and tells of failures', async () => {
    const repository = new ModelRepository();
    const [one, two] = [source('m', '1'), source('m', '2')];
    repository.add(one);
    await repository.load('m', '1');
    let versions: VersionSource[] = [one];
    const errors: unknown[] = [];
    two.problem = new Error('Not there yet.');
    const end = watch(repository, {
      intervalMs: 5,
      versions: async () => versions,
      onError: (error) => errors.push(error),
    });
    versions = [two];
    await until(() => errors.length > 0);
    expect(repository.get('m').version).toBe('1');
    two.problem = null;
    two.mark = '2';
    await until(() => repository.versions('m').includes('2'));
    await until(() => !repository.versions('m').includes('1'));
    expect(one.loaded[0]?.disposed).toBe(true);
    await end();
    await repository.close();
  });
});

describe('a train dir that is watched', () => {
  test('is served with its newest checkpoint while the training goes on, and no request fails', async () => {
    const trainDir = join(temporaryFolderOfRun, 'run');
    const train = async (epochs: number) => {
      const trainer = await smallTrainer({ trainDir, epochs });
      await trainer.run();
      await trainer[Symbol.asyncDispose]();
    };
    await train(1);
    const repository = new ModelRepository();
    const load = () => loadModel(smallNetwork, { checkpoint: trainDir, threads: 1, precision: 'float32' });
    repository.add({ name: 'small', version: '1', load, fingerprint: () => checkpointFingerprint(trainDir) });
    await repository.loadAll();
    const server = await startServer({ models: repository, port: 0, drainDelayMs: 0, metrics: false });
    const end = watch(repository, { intervalMs: 10, onError: (error) => console.error(error) });
    const statuses = new Set<number>();
    const answers = new Set<string>();
    let running = true;
    const ask = async () => {
      const response = await fetch(`${server.url}/v2/models/small/infer`, {
        method: 'POST',
        body: JSON.stringify({
          inputs: [{ name: 'images', datatype: 'FP32', shape: [1, 8, 8, 3], data: [...preprocessedPixels(1)] }],
          outputs: [{ name: 'logits' }],
        }),
      });
      statuses.add(response.status);
      return response.text();
    };
    const first = await ask();
    const clients = [0, 1].map(async () => {
      while (running) answers.add(await ask());
    });
    await train(2);
    const final = await load();
    const [{ logits = [] } = {}] = await final.infer([{ preprocessed: preprocessedPixels(1) }]);
    // Checkpoints on the way are served as well, the last one in the end.
    while (largestDifference(JSON.parse(await ask()).outputs[0].data, logits) >= 1e-4);
    running = false;
    await Promise.all(clients);
    await end();
    await server.stop();
    expect(statuses).toEqual(new Set([200]));
    expect(answers).toContain(first);
    expect(final.labels).toEqual(['red', 'green', 'blue']);
    await final[Symbol.asyncDispose]();
  });
});

describe('the fingerprint of a checkpoint', () => {
  const folder = temporaryFolder('fingerprint');
  test('changes when its files do, and is null where there is none', async () => {
    const path = join(folder, 'c.ckpt');
    expect(await checkpointFingerprint(path)).toBeNull();
    expect(await checkpointFingerprint(folder)).toBeNull();
    writeFileSync(`${path}.index`, 'x');
    const first = await checkpointFingerprint(path);
    expect(await checkpointFingerprint(path)).toBe(first);
    writeFileSync(join(folder, 'checkpoint'), 'model_checkpoint_path: "c.ckpt"\n');
    expect(await checkpointFingerprint(folder)).toBe(first);
    utimesSync(`${path}.index`, 5, 5);
    expect(await checkpointFingerprint(folder)).not.toBe(first);
  });
});

describe('a folder of models', () => {
  const folder = temporaryFolder('repository');
  const write = (path: string, text = 'x') => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };

  test('has the latest version of each model, or all, and nothing else', async () => {
    for (const path of [
      'a/1/w.safetensors',
      'a/2/w.safetensors',
      'a/10/w.safetensors',
      'a/notes/x',
      'b/1/c.index',
      'b/3/c.index',
    ])
      write(path);
    write('b/model.json', '{"versions":"all","network":"resnet_v1_50"}');
    write('.hidden/1/w.safetensors');
    write('file.txt');
    const found = await versionsInFolder(folder, {});
    expect(found.map(({ name, version }) => `${name}/${version}`)).toEqual(['a/10', 'b/1', 'b/3']);
    const [a] = found;
    const before = await a?.fingerprint?.();
    expect(await a?.fingerprint?.()).toBe(before);
    utimesSync(join(folder, 'a/10/w.safetensors'), 1, 1);
    expect(await a?.fingerprint?.()).not.toBe(before);
    await expect(versionsInFolder(join(folder, 'none'), {})).rejects.toThrow('no such file');
  });

  test.each([
    ['no checkpoint', { 'c/1/readme.md': 'x' }, 'found none'],
    ['two checkpoints', { 'c/1/a.ckpt': 'x', 'c/1/b.ckpt': 'x' }, 'found a.ckpt, b.ckpt'],
    ['options that are no JSON', { 'c/1/a.ckpt': 'x', 'c/model.json': '{' }, 'not valid JSON'],
    ['an option that there is not', { 'c/1/a.ckpt': 'x', 'c/model.json': '{"labls":"x"}' }, 'labls'],
    ['a checkpoint among the options', { 'c/1/a.ckpt': 'x', 'c/model.json': '{"checkpoint":"/x"}' }, 'checkpoint'],
    [
      'instances in two ways',
      { 'c/1/a.ckpt': 'x', 'c/model.json': '{"instances":2,"threads":1}' },
      'instances and threads',
    ],
    ['no instances', { 'c/1/a.ckpt': 'x', 'c/model.json': '{"instances":0}' }, 'instances'],
  ])('%s is told when the model is loaded', async (_, files, words) => {
    const own = join(folder, `case ${readdirSync(folder).length}`);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(own, path, '..'), { recursive: true });
      writeFileSync(join(own, path), text);
    }
    const [found] = await versionsInFolder(own, {});
    await expect(found?.load()).rejects.toThrow(words);
    rmSync(own, { recursive: true });
  });

  test('has instances of a model, which run at the same time and have its weights in common', async () => {
    await using one = await smallModel();
    await using three = await smallModel(ofInstances('test', 3, {}));
    expect(three.stats()).toMatchObject({ mode: 'throughput', executors: [{ count: 3 }] });
    expect(three.stats().bytes.variables).toBe(one.stats().bytes.variables);
    expect(configurationOf({ name: 'm', version: '1', model: three }, 8).instance_group).toMatchObject([{ count: 3 }]);
    expect(ofInstances('test', 1, {})).toEqual({ mode: 'latency' });
  });
});
