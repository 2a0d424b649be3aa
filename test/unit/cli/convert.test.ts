/** `slimnet convert`. What is converted is tested with the checkpoints (test/unit/checkpoint) and the export (test/unit/export). */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCheckpoint, writeCheckpoint } from '../../../lib/checkpoint/index.js';
import { slimnet } from '../../helpers/cli.js';
import { foreignTensors, writeForeignCheckpoint } from '../../helpers/foreign_weights.js';
import { goldenFolder } from '../../helpers/golden.js';
import { readOnnx } from '../../helpers/onnx_reader.js';
import { writePlainCheckpoint } from '../../helpers/plain_checkpoint.js';

const small = join(goldenFolder, 'checkpoints', 'small_resnet_v1_v1', 'resnet.ckpt');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-convert-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);

async function formatOf(path: string): Promise<string> {
  await using reader = await openCheckpoint(path);
  return reader.format;
}

describe('checkpoints', () => {
  test.each([
    ['out.safetensors', [], 'safetensors', ['out.safetensors']],
    ['out.ckpt', [], 'tensorflow_v2', ['out.ckpt.data-00000-of-00001', 'out.ckpt.index']],
    ['out.ckpt.index', [], 'tensorflow_v2', ['out.ckpt.data-00000-of-00001', 'out.ckpt.index']],
    ['out.ckpt', ['--to', 'v1'], 'tensorflow_v1', ['out.ckpt']],
    ['out', ['--to', 'safetensors'], 'safetensors', ['out']],
  ])('to %s %j', async (name, args, format, files) => {
    const { status, out, err } = await slimnet(['convert', small, at(name), ...args]);
    expect({ status, out }).toEqual({ status: 0, out: '' });
    expect(err).toMatch(new RegExp(`: 194 tensors, \\d+ bytes \\(${format}, from tensorflow_v1\\)\\n$`));
    expect(readdirSync(folder).sort()).toEqual(files);
    expect(await formatOf(at(name))).toBe(format);
  });

  test('with tensors chosen and renamed', async () => {
    const args = ['--include', 'resnet/block1', '--include', 'resnet/logits', '--exclude', 'resnet/block1/unit_2'];
    const names = ['--rename', 'resnet/block1/=first/', '--rename', 'resnet/='];
    const { status, err } = await slimnet(['convert', small, at('out.safetensors'), ...args, ...names]);
    expect(status).toBe(0);
    expect(err).toMatch(/: 37 of 194 tensors, /);
    await using reader = await openCheckpoint(at('out.safetensors'));
    expect(
      [...new Set([...reader.tensors.keys()].map((name) => name.split('/').slice(0, 2).join('/')))].sort(),
    ).toEqual(['first/unit_1', 'first/unit_3', 'logits/biases', 'logits/weights']);
  });

  test('cast, with averages in place of variables, under names out of a file; what that did is said', async () => {
    const source = at('averages');
    await writeCheckpoint(source, [
      { name: 'w/ExponentialMovingAverage', dtype: 'float32', shape: [2], data: Float32Array.of(1, 1e-10) },
      { name: 'w', dtype: 'float32', shape: [2], data: Float32Array.of(5, 6) },
    ]);
    writeFileSync(at('names.json'), '{"w": "weights"}');
    const args = ['--moving-averages', '--cast', 'float16', '--rename-from', at('names.json')];
    const { status, err } = await slimnet(['convert', source, at('out.safetensors'), ...args]);
    expect(status).toBe(0);
    expect(err).toContain('slimnet: 1 tensors were cast to float16; 1 values are too small for it and became 0.');
    await using reader = await openCheckpoint(at('out.safetensors'));
    expect([...reader.tensors.values()]).toMatchObject([{ name: 'weights', dtype: 'float16' }]);
    expect([...(await reader.readAs('weights', 'float32')).data]).toEqual([1, 0]);
  });

  test.each([
    [['--moving-averages'], /no moving averages.*leave out --moving-averages/s],
    [['--rename-from', 'names.json'], /names\.json: --rename-from: expected a JSON object of new names by old ones/],
    [['--rename-from', 'gone.json'], /gone\.json.*--rename-from/],
    [['--cast', 'int8'], /--cast.*float16, bfloat16, float32, float64/],
    [['--prefix', 'model.'], /--prefix does not apply to safetensors\. Hint: it is for --to onnx/],
  ])('%j of a checkpoint without such things is an error in the words of the command', async (args, message) => {
    writeFileSync(at('names.json'), '["w"]');
    const given = args.map((arg) => (arg.endsWith('.json') ? at(arg) : arg));
    const { status, err } = await slimnet(['convert', small, at('out.safetensors'), ...given]);
    expect(status).toBeGreaterThan(0);
    expect(err).toMatch(message);
  });

  test('files are replaced with --force alone, the source never', async () => {
    const out = at('out.safetensors');
    await slimnet(['convert', small, out, '--include', 'resnet/logits']);
    const { size } = statSync(out);
    expect(await slimnet(['convert', small, out])).toMatchObject({
      status: 2,
      err: expect.stringMatching(/exists already.*--force/),
    });
    expect(statSync(out).size).toBe(size);
    expect(await slimnet(['convert', small, out, '--force'])).toMatchObject({ status: 0 });
    expect(statSync(out).size).toBeGreaterThan(size);
    expect(await slimnet(['convert', out, out, '--force'])).toMatchObject({
      status: 2,
      err: expect.stringMatching(/source itself/),
    });
  });

  test('an interruption leaves nothing', async () => {
    const { status, err } = await slimnet(['convert', small, at('out.safetensors')], { signal: AbortSignal.abort() });
    expect({ status, err }).toEqual({ status: 130, err: 'slimnet: interrupted\n' });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('ONNX', () => {
  test('the file of a network: rows of logits, an open batch, what it expects', async () => {
    const source = await writePlainCheckpoint(at('plain.safetensors'), 3);
    const run = (...args: string[]) =>
      slimnet([
        'convert',
        source,
        at('out.onnx'),
        '--model',
        'resnet_v1_50',
        '--size',
        '65',
        '--batch',
        'dynamic',
        ...args,
      ]);
    expect(await run()).toMatchObject({
      status: 0,
      out: '',
      err: expect.stringMatching(/out\.onnx: resnet_v1_50, \d+ bytes\n$/),
    });
    const model = readOnnx(readFileSync(at('out.onnx')));
    expect(model.inputs).toEqual([{ name: 'images', elementType: 1, shape: ['N', 3, 65, 65] }]);
    expect(model.outputs).toEqual([{ name: 'logits', elementType: 1, shape: ['N', 3] }]);
    expect(model.metadata).toEqual({
      'slimnet.preprocessing': '{"name":"vgg","imageSize":65}',
      network: 'resnet_v1_50',
      preprocessing: 'vgg',
      image_size: '65',
      label_offset: '1',
      resize_side: '256',
      crop_fraction: '0.25390625',
      interpolation: 'bilinear',
      mean: '123.68,116.78,103.94',
      std: '1,1,1',
    });
    const weights = model.initializers.find(({ name }) => name === 'resnet_v1_50/logits/weights');
    await using reader = await openCheckpoint(source);
    const { data } = await reader.read('resnet_v1_50/logits/weights');
    // OIHW of [1, 1, 2048, 3].
    const stored = new Float32Array(Uint8Array.from(weights?.bytes ?? []).buffer);
    expect([stored[0], stored[1], stored[2048]]).toEqual([data[0], data[3], data[1]]);

    expect(await run()).toMatchObject({ status: 2, err: expect.stringMatching(/exists already/) });
    const more = [
      '--batch',
      '4',
      '--axes',
      'nhwc',
      '--output',
      'features',
      '--output',
      'predictions',
      '--external-data',
      '--force',
    ];
    expect(await run(...more)).toMatchObject({ status: 0 });
    const other = readOnnx(readFileSync(at('out.onnx')));
    expect(other.inputs[0]?.shape).toEqual([4, 65, 65, 3]);
    expect(other.outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['features', [4, 2048]],
      ['predictions', [4, 3]],
    ]);
    expect(statSync(at('out.onnx.data')).size).toBeGreaterThan(90_000_000);
    expect(await run('--external-data')).toMatchObject({ status: 2 });
    rmSync(at('out.onnx'));
    expect(await run('--external-data')).toMatchObject({
      status: 2,
      err: expect.stringMatching(/onnx\.data: The file exists/),
    });
  });

  test('weights of PyTorch are told by their names, and keep the order of axes that ONNX shares', async () => {
    const source = at('torch.safetensors');
    await writeForeignCheckpoint(source, foreignTensors('resnet_18'));
    expect(await slimnet(['convert', source, at('out.onnx'), '--model', 'resnet_18', '--size', '64'])).toMatchObject({
      status: 0,
    });
    const model = readOnnx(readFileSync(at('out.onnx')));
    await using reader = await openCheckpoint(source);
    for (const [variable, tensor] of [
      ['conv1/weights', 'conv1.weight'],
      ['block2/unit_1/basic_v1/shortcut/weights', 'layer2.0.downsample.0.weight'],
      ['block4/unit_2/basic_v1/conv2/BatchNorm/moving_variance', 'layer4.1.bn2.running_var'],
    ] as const) {
      const found = model.initializers.find(({ name }) => name === `resnet_18/${variable}`);
      const { data, shape } = await reader.read(tensor);
      expect([variable, found?.shape]).toEqual([variable, shape]);
      expect(
        Buffer.compare(found?.bytes as Uint8Array, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
      ).toBe(0);
    }
    expect(
      await slimnet(['convert', source, at('other.onnx'), '--model', 'resnet_18', '--layout', 'slim']),
    ).toMatchObject({ status: 1 });
  });

  test('weights that do not fit are a failure that writes nothing', async () => {
    expect(await slimnet(['convert', small, at('out.onnx'), '--model', 'resnet_v1_50'])).toMatchObject({
      status: 1,
      err: expect.stringMatching(/does not fit the variables/),
    });
    const name = 'resnet_v1_101/logits/biases';
    await writeCheckpoint(at('other'), [{ name, dtype: 'float32', shape: [2], data: new Float32Array(2) }]);
    expect(await slimnet(['convert', at('other'), at('out.onnx'), '--model', 'resnet_v1_50'])).toMatchObject({
      status: 1,
      err: expect.stringMatching(/these are of resnet_v1_101/),
    });
    expect(existsSync(at('out.onnx'))).toBe(false);
  });
});

describe('wrong use exits with 2', () => {
  test.each<[readonly string[], RegExp]>([
    [[], /missing required argument 'source'/],
    [[small], /missing required argument 'destination'/],
    [[small, 'out.h5'], /out\.h5: The format of a file that ends in \.h5 is not one that is written.*--to v1, v2/],
    [[small, 'folder.d/out.pth'], /ends in \.pth/],
    [[small, 'out', '--to', 'v3'], /Allowed choices are v1, v2, safetensors, onnx/],
    [[small, 'out.safetensors', '--to', 'v1'], /a file whose name ends in \.safetensors is safetensors/],
    [[small, 'out.onnx', '--to', 'v2'], /a file whose name ends in \.onnx is onnx/],
    [[small, 'out.onnx'], /--model is needed/],
    [[small, 'out.onnx', '--model', 'resnet'], /Allowed choices are resnet_v1_50/],
    [[small, 'out.onnx', '--model', 'resnet_v1_50', '--include', 'x'], /--include does not apply to onnx/],
    [[small, 'out.onnx', '--model', 'resnet_v1_50', '--batch', '0'], /integer from 1/],
    [[small, 'out.onnx', '--model', 'resnet_v1_50', '--batch', 'any'], /integer from 1/],
    [
      [small, 'out.onnx', '--model', 'resnet_v1_50', '--output', 'logit'],
      /Allowed choices are logits, predictions, features/,
    ],
    [[small, 'out.ckpt', '--model', 'resnet_v1_50'], /--model does not apply to v2.*onnx/],
    [[small, 'out.ckpt', '--external-data'], /--external-data does not apply to v2/],
    [[small, 'out.ckpt', '--rename', 'a'], /Expected old=new/],
    [[small, 'out.ckpt', '--include', ''], /Expected a prefix/],
    [[small, 'out.ckpt', '--include', 'resnet/blok1'], /No tensor .* there are resnet\/block1/],
    [[small, ''], /Expected the path/],
    [['', 'out'], /Expected a checkpoint as a path.*received the string ""/],
    [[small, '.'], /Expected the path/],
    [[small, join('test', '..')], /Expected the path|A folder has that name/],
    [[small, 'test'], /A folder has that name/],
  ])('%j', async (args, message) => {
    const before = readdirSync('.');
    const { status, out, err } = await slimnet(['convert', ...args]);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toMatch(message);
    expect(readdirSync('.')).toEqual(before);
  });

  test('what cannot be read is a failure', async () => {
    writeFileSync(at('text'), 'hello');
    expect(await slimnet(['convert', at('text'), at('out')])).toMatchObject({
      status: 1,
      err: expect.stringMatching(/unknown kind/),
    });
    expect(await slimnet(['convert', at('nowhere'), at('out')])).toMatchObject({
      status: 1,
      err: expect.stringMatching(/no checkpoint of that name/),
    });
    expect(readdirSync(folder)).toEqual(['text']);
  });
});
