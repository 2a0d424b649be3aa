/** Weights whose names and shapes fit, of networks that compute something else. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertForm, timmForm, transformersForm } from '../../../../lib/model/weights/config_beside.js';
import { weightsToLoad } from '../../../../lib/model/weights/network_weights.js';
import { network } from '../../../../lib/slim/nets/index.js';
import { foreignTensors } from '../../../helpers/foreign_weights.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slimnet-config-'));
});
afterEach(() => rm(folder, { recursive: true }));

const weights = () => join(folder, 'model.safetensors');

test.each([
  [transformersForm, {}, null],
  [transformersForm, { downsample_in_bottleneck: false, hidden_act: 'relu', downsample_in_first_stage: false }, null],
  [transformersForm, { downsample_in_bottleneck: true }, /strides in the first 1x1 convolution/],
  [transformersForm, { downsample_in_first_stage: true }, /strides in its first stage/],
  [transformersForm, { hidden_act: 'gelu' }, /activation "gelu"/],
  [timmForm, { architecture: 'resnet50.a1_in1k' }, null],
  [timmForm, { architecture: 'resnetblur50' }, /filters before it strides \(architecture resnetblur50\)/],
  [timmForm, { architecture: 'resnetaa101d' }, /filters before it strides/],
  [timmForm, { model_type: 'resnet' }, null],
] as const)('%p of %j', async (form, config, message) => {
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  const checked = assertForm('resnet_50', weights(), form);
  if (message === null) await checked;
  else {
    await expect(checked).rejects.toThrow(message);
    await expect(checked).rejects.toThrow(/by the config\.json beside them; resnet_50 does not\. Hint: .*resnet_152/);
  }
});

test.each(['no JSON', '[1]', '', undefined])('a config.json of %j says nothing', async (text) => {
  if (text !== undefined) await writeFile(join(folder, 'config.json'), text);
  await assertForm('resnet_50', weights(), transformersForm);
});

test('a configuration counts for weights of its library, and for files alone', async () => {
  await writeFile(join(folder, 'config.json'), '{"downsample_in_bottleneck": true}');
  const source = (vocabulary: 'usual' | 'transformers') => ({
    path: weights(),
    isObjectBased: false,
    variables: new Map(foreignTensors('resnet_50', 10, vocabulary).map((info) => [info.name, { ...info, bytes: 0 }])),
  });
  const load = (vocabulary: 'usual' | 'transformers', isFile: boolean) =>
    weightsToLoad(network('resnet_50'), source(vocabulary), isFile, {});
  await expect(load('transformers', true)).rejects.toThrow(/downsample_in_bottleneck/);
  expect(await load('transformers', false)).toMatchObject({ prefix: 'resnet.', classes: 10 });
  expect(await load('usual', true)).toMatchObject({ prefix: '', classes: 10 });
});
