import { join } from 'node:path';
import { slimnet } from '../../../helpers/cli.js';
import { commandFolder } from '../../../helpers/command_folder.js';
import { goldenFolder } from '../../../helpers/golden.js';
import { writePlainCheckpoint } from '../../../helpers/plain_checkpoint.js';

const given = commandFolder('resnet_v1_50');

describe('inspect', () => {
  test('counts what a network has', async () => {
    const { status, out } = await slimnet(['inspect', 'resnet_v1_50']);
    expect(status).toBe(0);
    expect(out).toMatch(/trainable parameters +25,557,032\n.*multiply accumulates +3,482,255,360\n/s);
    expect(out).toMatch(/resnet_v1_50\/conv1\/weights +float32 +\[7,7,3,64\] +9408 +yes/);
    expect(out.trimEnd().split('\n').at(-1)).toMatch(/resnet_v1_50\/logits\/biases +float32 +\[1000\] +1000 +yes/);
  });

  test('does so as JSON, for other sizes and classes', async () => {
    const { out } = await slimnet(['inspect', 'resnet_v1_101', '--json', '--size', '64', '--classes', '7']);
    const { facts, variables } = JSON.parse(out) as { facts: Record<string, unknown>; variables: unknown[] };
    expect(facts).toMatchObject({
      input: [1, 64, 64, 3],
      logits: [1, 1, 1, 7],
      variables: 522,
      labelOffset: 1,
      publishedTop1: 76.4,
    });
    expect(variables).toHaveLength(522);
    expect(variables[0]).toEqual({
      name: 'resnet_v1_101/conv1/weights',
      dtype: 'float32',
      shape: [7, 7, 3, 64],
      trainable: true,
    });
  });

  test.each([
    ['resnet_v2_50', '--size', '224', /logits +\[1,1,1,1001\]\n.*preprocessing +inception\n.*label offset +0\n/s],
    ['vgg_16', '--size', '256', /logits +\[1,1000\]\n.*preprocessing +vgg\n.*published top 1 +71\.5\n/s],
  ])('knows %s', async (name, option, value, facts) => {
    const { status, out } = await slimnet(['inspect', name, option, value]);
    expect({ status, out }).toEqual({ status: 0, out: expect.stringMatching(facts) });
  });

  test.each([
    ['small_resnet_v1_v1/resnet.ckpt', 'tensorflow_v1', 194],
    ['small_resnet_v1_v2/resnet.ckpt', 'tensorflow_v2', 194],
    ['partitioned_v2/model.ckpt', 'tensorflow_v2', 3],
  ])('lists the tensors of the checkpoint %s', async (name, format, tensors) => {
    const path = join(goldenFolder, 'checkpoints', name);
    const { status, out } = await slimnet(['inspect', path, '--json']);
    expect(status).toBe(0);
    const report = JSON.parse(out) as { kind: string; facts: { tensors: number }; variables: { name: string }[] };
    expect(report.kind).toBe(`checkpoint (${format})`);
    expect(report.facts.tensors).toBe(tensors);
    expect(report.variables).toHaveLength(tensors);
    expect((await slimnet(['inspect', path])).out).toContain(report.variables[0]?.name);
  });

  test('lists the tensors of a safetensors file', async () => {
    const path = await writePlainCheckpoint(given.path('plain.safetensors'), 3);
    const { out } = await slimnet(['inspect', path]);
    expect(out).toMatch(/checkpoint \(safetensors\)\n +tensors +267\n/);
    expect(out).toMatch(/resnet_v1_50\/logits\/weights +float32 +\[1,1,2048,3\] +6144/);
  });

  test('says what is no checkpoint', async () => {
    expect(await slimnet(['inspect', given.path('nowhere')])).toMatchObject({
      status: 1,
      err: expect.stringMatching(/\[ERR_CHECKPOINT\]/),
    });
    expect(await slimnet(['inspect', given.path('labels.txt')])).toMatchObject({
      status: 1,
      err: expect.stringMatching(/unknown kind/),
    });
  });
});
