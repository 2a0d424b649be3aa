/** Names from outside that are far too long, such as an image as a data URL where a path is expected: no message repeats them. */
import { existsSync } from 'node:fs';
import * as slimnet from '../../lib/index.js';
import { slimnet as command } from '../helpers/cli.js';

const { checkpoint, decodeImage, Graph, loadLabels, loadModel, placeholder, Session, slim } = slimnet;

const long = `data:image/jpeg;base64,${'A'.repeat(3_000_000)}`;
const untrained = { untrainedSeed: 1, imageSize: 32, precision: 'float32' } as const;

const graph = new Graph();
const y = graph.build(() => slim.relu(placeholder('float32', [2], { name: 'x' })));
const session = Session.create(graph, { device: 'reference' });
const load = (options: object) => loadModel('resnet_18', { ...untrained, ...options });

test.each<[string, () => unknown]>([
  ['an image', () => decodeImage(long)],
  ['the name of a network', () => loadModel(long as 'resnet_18', untrained)],
  ['a checkpoint', () => loadModel('resnet_18', { checkpoint: long })],
  ['labels', () => loadLabels(long, 5)],
  ['a calibration', () => load({ calibration: long })],
  ['a device', () => load({ device: long })],
  ['a precision', () => load({ precision: long })],
  ['a layout', () => load({ layout: long })],
  ['an option', () => load({ [long]: 1 })],
  ['a place to save to', async () => (await session).save(long)],
  ['a checkpoint to restore', async () => (await session).restore(long)],
  ['a variable', async () => (await session).read(long)],
  ['a feed', async () => (await session).run({ [long]: new Float32Array(2) }, { y })],
  ['a fetch', async () => (await session).run({ x: new Float32Array(2) }, { [long]: 3 as never })],
  ['a variable of a graph', () => graph.variable(long)],
  ['a unique variable', () => graph.build(() => slim.getUniqueVariable(long))],
  ['values by name', async () => slim.assignFromValues(await session, { [long]: [1] })],
  ['a checkpoint to convert', () => checkpoint.convertCheckpoint(long, 'nowhere.safetensors')],
  ['a state file', () => checkpoint.openCheckpoint(`${long}/checkpoint`)],
])('%s is quoted in short', async (_, work) => {
  const error = (await (async () => work())().then(
    () => null,
    (reason: unknown) => reason,
  )) as (Error & { code: string; hint?: string }) | null;
  expect(error?.code).toMatch(/^ERR_/);
  expect(error?.message.length).toBeLessThan(1000);
  expect(error?.stack?.length).toBeLessThan(10_000);
  expect(existsSync('data:image')).toBe(false);
});

test('and so it is on the command line', async () => {
  for (const args of [
    ['inspect', long],
    ['convert', long, 'x.safetensors'],
    ['classify', 'a.jpg', '-c', long],
  ]) {
    const { err, status } = await command(args);
    expect(status).toBeGreaterThan(0);
    expect(err.length).toBeLessThan(1000);
  }
});
