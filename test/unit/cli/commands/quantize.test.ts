import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Calibration } from '../../../../lib/runtime/index.js';
import { type Device, devices, fastest } from '../../../../lib/runtime/precision/device.js';
import { slimnet } from '../../../helpers/cli.js';
import { commandFolder, small } from '../../../helpers/command_folder.js';
import { writePlainCheckpoint } from '../../../helpers/plain_checkpoint.js';

// The smallest of the published networks: each value of it is looked at.
const given = commandFolder('resnet_18');
const model = () => ['--checkpoint', given.checkpoint, ...small];

describe('quantize', () => {
  test('writes ranges beside the checkpoint or where it is told, and says what int8 costs', async () => {
    const output = given.path('ranges.json');
    const { status, out, err } = await slimnet([
      'quantize',
      given.photos,
      ...model(),
      '-o',
      output,
      '--method',
      'minmax',
    ]);
    expect({ status, err }).toEqual({ status: 0, err: expect.stringContaining('ranges.json: ') });
    const calibration = JSON.parse(readFileSync(output, 'utf8')) as { method: string; runs: number; ranges: object };
    expect(calibration).toMatchObject({ format: 'slimnet.calibration 1', method: 'minmax', keepFloat32: [] });
    expect(Object.keys(calibration.ranges)).toEqual(
      expect.arrayContaining(['images', 'resnet_18/conv1/Relu', 'resnet_18/pool5']),
    );
    expect(out).toMatch(/^beside float32 +int8/m);
    expect(out).toMatch(/^images +1/m);
    expect(out).toMatch(/^same class +100\.00 %/m);
    expect(calibration).toMatchObject({ costs: { int8: { images: 1, agreement: 1 } } });

    const quantized = await slimnet([
      'classify',
      given.photos,
      ...model(),
      '-m',
      'resnet_18',
      '-f',
      'jsonl',
      '--precision',
      'int8',
      '--calibration',
      output,
    ]);
    expect(quantized).toMatchObject({ status: 0, err: '' });
    expect(quantized.out.trimEnd().split('\n')).toHaveLength(3);
  });

  test('auto does not take int8 at any price, and says what it costs', async () => {
    const own = await writePlainCheckpoint(given.path('rough.ckpt'), 10, 'resnet_18');
    const file = `${own}.calibration.json`;
    const quantized = await slimnet([
      'quantize',
      given.photos,
      '-c',
      own,
      '-d',
      'reference',
      ...small,
      '--method',
      'minmax',
    ]);
    expect(quantized.err).toMatch(/^slimnet: with this, --precision auto is int8 \(calibrated, plain code\)$/m);
    const calibration = JSON.parse(readFileSync(file, 'utf8')) as Calibration;
    const rough = { ...calibration, costs: { int8: { ...calibration.costs?.int8, images: 100, agreement: 0.05 } } };
    writeFileSync(file, JSON.stringify(rough));
    const classify = (...more: string[]) =>
      slimnet([
        'classify',
        given.photos,
        ...given.model.slice(4),
        '-c',
        own,
        '-d',
        'reference',
        '-f',
        'jsonl',
        '-k',
        '1',
        ...more,
      ]);
    const auto = await classify();
    expect(auto.err).toBe(
      'slimnet: precision float32 (no AMX, no int8: its top-1 agreement with float32 is 5.00 % on 100 images, at least 95.00 % is wanted)\n',
    );
    expect(auto.out).toBe((await classify('--precision', 'float32')).out);
    expect((await classify('--min-agreement', '0.05')).err).toMatch(
      /^slimnet: precision int8 \(calibrated, plain code\)/,
    );
  });

  test('gives the report as JSON, and takes scopes that stay in float32', async () => {
    const output = given.path('kept.json');
    const kept = ['--keep-float32', 'resnet_18/conv1', 'resnet_18/logits'];
    const { status, out } = await slimnet(['quantize', given.photos, ...model(), '-o', output, '--json', ...kept]);
    expect(status).toBe(0);
    const costs = JSON.parse(out) as object;
    expect(costs).toMatchObject({ int8: { images: 1, agreement: 1 } });
    expect(JSON.parse(readFileSync(output, 'utf8'))).toMatchObject({ keepFloat32: kept.slice(1), costs });
  });

  test('measures bfloat16 without ranges, and what auto chooses then says what it costs', async () => {
    const own = await writePlainCheckpoint(given.path('own.ckpt'), 10, 'resnet_18');
    const classify = (device: string) =>
      slimnet(['classify', given.photos, '-m', 'resnet_18', '-c', own, ...small, '-d', device, '-f', 'jsonl']);
    const chosen = devices().find(({ name }) => name === 'cpu');
    const auto = fastest(chosen as Device, { calibrated: false, costs: {}, minAgreement: 0 });
    const before = await classify('cpu');
    expect(before).toMatchObject({ status: 0 });
    const inShort = `slimnet: precision ${auto.chosen} (${auto.why}); `;
    if (auto.chosen === 'float32') expect(before.err).toBe('');
    else expect(before.err.startsWith(`${inShort}what it costs is not measured for this model`)).toBe(true);
    const measured = await slimnet(['quantize', given.photos, '-c', own, ...small, '--precision', 'bfloat16']);
    if (chosen?.precisions.bfloat16 !== '') {
      expect(measured).toMatchObject({ status: 1, err: expect.stringMatching(/bfloat16 cannot be had.*ERR_BACKEND/) });
      expect(existsSync(`${own}.calibration.json`)).toBe(false);
      return;
    }
    expect(measured).toMatchObject({ status: 0, out: expect.stringMatching(/^beside float32 +bfloat16$/m) });
    expect(JSON.parse(readFileSync(`${own}.calibration.json`, 'utf8'))).toMatchObject({
      method: null,
      ranges: {},
      costs: { bfloat16: { images: 3, agreement: 1 } },
    });
    const after = await classify('cpu');
    expect(after).toMatchObject({ status: 0, out: before.out });
    expect(after.err).toBe(
      auto.chosen === 'float32' ? '' : `${inShort}top-1 agreement with float32 100.00 % on 3 images\n`,
    );
  });

  test('adds what bfloat16 costs to a file with ranges, which it leaves alone', async () => {
    const output = given.path('both.json');
    const args = ['quantize', given.photos, ...model(), '-d', 'reference', '-o', output];
    expect((await slimnet([...args, '--method', 'minmax'])).status).toBe(0);
    const read = () => JSON.parse(readFileSync(output, 'utf8')) as Calibration;
    const before = read();
    expect(before.costs).toMatchObject({ int8: { images: 1 }, bfloat16: { images: 1 } });
    expect((await slimnet([...args, '--precision', 'bfloat16'])).status).toBe(0);
    const { costs, ...rest } = read();
    expect({ ...rest, costs: costs?.int8 }).toEqual({ ...before, costs: before.costs?.int8 });
    expect(costs?.bfloat16?.images).toBe(3);
    expect((await slimnet([...args, '--precision', 'bfloat16', '--keep-float32', 'resnet_18/conv1'])).status).toBe(0);
    expect(read()).toMatchObject({ keepFloat32: ['resnet_18/conv1'], ranges: before.ranges });
    expect(Object.keys(read().costs ?? {})).toEqual(['bfloat16']);
  });

  test.each<[string, readonly string[], RegExp]>([
    ['a single image', ['a.jpg'], /Expected at least two images, received 1/],
    ['a method that does not exist', ['a.jpg', 'b.png', '--method', 'best'], /minmax, percentile, entropy/],
    ['a percentile of nothing', ['a.jpg', 'b.png', '--percentile', '0'], /Expected a number above 0/],
  ])('refuses %s', async (_, args, message) => {
    const words = args.map((arg) => (/\.(jpg|png)$/.test(arg) ? given.photo(arg) : arg));
    expect(await slimnet(['quantize', ...words, ...model()])).toMatchObject({
      status: 2,
      err: expect.stringMatching(message),
    });
  });
});
