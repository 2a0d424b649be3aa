import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCheckpoint } from '../../../lib/checkpoint/index.js';
import type { Calibration } from '../../../lib/runtime/index.js';
import { type Device, devices, fastest } from '../../../lib/runtime/precision/device.js';
import { slimnet } from '../../helpers/cli.js';
import { goldenFolder } from '../../helpers/golden.js';
import { readNpy } from '../../helpers/npy.js';
import { encoders, gradient, paint } from '../../helpers/pictures.js';
import { writePlainCheckpoint } from '../../helpers/plain_checkpoint.js';

let folder: string;
let photos: string;
let model: readonly string[];
const small = ['--size', '48'];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-cli-'));
  photos = join(folder, 'photos');
  mkdirSync(photos);
  const pictures = {
    'a.jpg': gradient(60, 40),
    'b.png': paint(30, 50, (x, y) => [x * 8, y * 5, 99]),
    'c.webp': gradient(33, 33),
  };
  for (const [name, picture] of Object.entries(pictures)) {
    const { encode } = name.endsWith('jpg') ? encoders.jpeg : name.endsWith('png') ? encoders.png : encoders.webp;
    writeFileSync(join(photos, name), await encode(picture));
  }
  writeFileSync(join(folder, 'bad.jpg'), 'no image');
  const labels = join(folder, 'labels.txt');
  writeFileSync(labels, Array.from({ length: 10 }, (_, i) => `kind, ${i}`).join('\n'));
  const checkpoint = await writePlainCheckpoint(join(folder, 'plain.ckpt'), 10);
  // What auto comes to depends on the processor; the values below are float32's.
  // Small images, because this is about commands: the plain code of `reference` takes seconds for large ones.
  model = ['--checkpoint', checkpoint, '--precision', 'float32', '--model', 'resnet_v1_50', ...small];
});
afterAll(() => rmSync(folder, { recursive: true }));

const labels = () => ['--labels', join(folder, 'labels.txt')];
const all = () => ['a.jpg', 'b.png', 'c.webp'].map((name) => join(photos, name));

interface JsonResult {
  readonly file: string;
  readonly predictions: readonly { readonly index: number; readonly label: string; readonly probability: number }[];
}

describe('classify', () => {
  test('prints a table for each image of a folder', async () => {
    const { status, out, err } = await slimnet(['classify', photos, ...model, ...labels(), '--top-k', '2']);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    const blocks = out.trimEnd().split('\n\n');
    expect(blocks.map((block) => block.split('\n')[0])).toEqual(all());
    for (const block of blocks)
      expect(block).toMatch(/^.*\nclass +label +probability\n-+ +-+ +-+\n( +\d {2}kind, \d {2}0\.\d{4}(\n|$)){2}/);
  });

  test('prints JSON, JSON lines and CSV that say the same', async () => {
    const run = async (format: string) =>
      slimnet(['classify', photos, ...model, ...labels(), '-k', '3', '-f', format, '--batch', '2']);
    const json = JSON.parse((await run('json')).out) as JsonResult[];
    expect(json.map(({ file, predictions }) => [file, predictions.length])).toEqual(all().map((file) => [file, 3]));
    expect(
      (await run('jsonl')).out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as JsonResult),
    ).toEqual(json);
    const rows = (await run('csv')).out.split('\r\n');
    expect(rows[0]).toBe('file,rank,class,label,probability,error');
    const expected = json.flatMap(({ file, predictions }) =>
      predictions.map((p, i) => `${file},${i + 1},${p.index},"${p.label}",${p.probability},`),
    );
    expect(rows.slice(1)).toEqual([...expected, '']);
  });

  test('reads an image, or a list of paths, from standard input', async () => {
    const one = await slimnet(['classify', '-', ...model, '-f', 'jsonl'], { stdin: readFileSync(all()[0] as string) });
    expect(one.status).toBe(0);
    const list = await slimnet(['classify', '-', ...model, '-f', 'jsonl'], { stdin: `${all()[0]}\n` });
    expect(JSON.parse(list.out)).toEqual({ ...JSON.parse(one.out), file: all()[0] });
    expect((JSON.parse(one.out) as JsonResult).file).toBe('-');
  });

  test('reports a bad file, goes on with the others, and says so by its exit status', async () => {
    const missing = join(folder, 'missing.jpg');
    const args = ['classify', missing, all()[0] as string, join(folder, 'bad.jpg'), all()[1] as string];
    const { status, out, err } = await slimnet([...args, ...model, '-f', 'jsonl', '-b', '1']);
    expect(status).toBe(1);
    const records = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as JsonResult & { error?: { code: string; message: string } });
    expect(records.filter(({ error }) => error === undefined).map(({ file }) => file)).toEqual(all().slice(0, 2));
    const failed = records.filter(({ error }) => error !== undefined);
    expect(failed.map(({ file, error }) => [file, error?.code])).toEqual([
      [missing, 'ERR_IMAGE'],
      [join(folder, 'bad.jpg'), 'ERR_IMAGE'],
    ]);
    const lines = err.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/missing\.jpg: .*no such file.*\[ERR_IMAGE\]/);
    expect(lines[1]).toMatch(/bad\.jpg: This is no image that can be decoded\..*\[ERR_IMAGE\]/);
    expect(lines[2]).toBe('slimnet: 2 of 4 images failed.');
  });

  test('when all files are bad, every format is still well-formed and says so', async () => {
    const bad = join(folder, 'bad.jpg');
    const run = async (format: string) => {
      const { status, out } = await slimnet(['classify', bad, ...model, '-f', format]);
      expect(status).toBe(1);
      return out;
    };
    const record = { file: bad, error: { code: 'ERR_IMAGE', message: expect.stringContaining('no image') } };
    expect(JSON.parse(await run('json'))).toEqual([record]);
    expect(JSON.parse(await run('jsonl'))).toEqual(record);
    expect(await run('csv')).toMatch(
      /^file,rank,class,label,probability,error\r\n.*bad\.jpg,,,,,".*no image that can be decoded.*"\r\n$/,
    );
    expect(await run('table')).toBe('');
  });

  test.each(['classify', 'embed'])(
    '%s of a network that gives NaN is an error that names the cause, in every format',
    async (command) => {
      const variable =
        command === 'classify'
          ? 'resnet_v1_50/logits/biases'
          : 'resnet_v1_50/block4/unit_3/bottleneck_v1/conv3/BatchNorm/beta';
      const damaged = await writePlainCheckpoint(join(folder, `nan_${command}.ckpt`), 10, 'resnet_v1_50', variable);
      const image = all()[0] as string;
      const run = async (...format: string[]) => {
        // oneDNN's relu is not what is tested.
        const { status, out, err } = await slimnet([
          command,
          image,
          '-c',
          damaged,
          '-d',
          'reference',
          ...small,
          ...format,
        ]);
        expect(status).toBe(1);
        expect(err).toMatch(
          new RegExp(`NaN or infinite: the variable ${variable} has such values\\..*\\[ERR_EXECUTION\\]`),
        );
        expect(out).not.toMatch(/null|NaN,/);
        return out;
      };
      const record = { file: image, error: { code: 'ERR_EXECUTION', message: expect.stringContaining(variable) } };
      if (command === 'embed') {
        expect(JSON.parse(await run())).toEqual(record);
        return;
      }
      expect(JSON.parse(await run('-f', 'json'))).toEqual([record]);
      expect(JSON.parse(await run('-f', 'jsonl'))).toEqual(record);
      expect(await run('-f', 'csv')).toContain(`${image},,,,,`);
      expect(await run('-f', 'table')).toBe('');
    },
  );

  test('shows its progress on a terminal, apart from the results', async () => {
    const { out, err } = await slimnet(['classify', photos, ...model, '-f', 'jsonl', '-b', '1'], { terminal: true });
    expect(out.trimEnd().split('\n')).toHaveLength(3);
    expect(err).toMatch(/\[-+\] 0\/3 images/);
    expect(err).toMatch(/\r\u001b\[K$/);
  });

  test('asks for no more classes than there are', async () => {
    const { out } = await slimnet(['classify', all()[0] as string, ...model, '-f', 'jsonl', '-k', '1000']);
    expect((JSON.parse(out) as JsonResult).predictions).toHaveLength(10);
  });

  test('a name in a list that is no text fails alone, and is no record', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${all()[0]}\nGro`),
      Buffer.from([0xdf]),
      Buffer.from(`.jpg\n${all()[1]}\n`),
    ]);
    const { status, out, err } = await slimnet(['classify', '-', ...model, '-f', 'jsonl'], { stdin: bytes });
    expect(status).toBe(1);
    const files = out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as JsonResult).file);
    expect(files).toEqual(all().slice(0, 2));
    expect(err).toMatch(/Gro\ufffd\.jpg: Line 2 of standard input is not UTF-8.*\n.*1 of 3 images failed/s);
  });

  test('hints are in the spelling of the command line, and name nothing that it lacks', async () => {
    const limited = await slimnet(['classify', all()[0] as string, ...model, '--max-pixels', '100', '-f', 'jsonl']);
    expect(limited.err).toMatch(/pixel limit.* Hint: raise --max-pixels if the image is meant to be that large\./);
    expect(JSON.parse(limited.out)).toMatchObject({ error: { message: expect.stringContaining('--max-pixels') } });
    const misfit = await slimnet(['classify', all()[0] as string, ...model, '--classes', '7']);
    expect(misfit.status).toBe(1);
    expect(misfit.err).toMatch(/Hint: The checkpoint has 10 classes, the network 7: build it with --classes 10\./);
    expect(misfit.err).not.toMatch(/excludeScopes|ignoreMissing|exclude-scopes/);
    const int8 = await slimnet(['classify', all()[0] as string, ...model.slice(0, 2), '--precision', 'int8']);
    expect(int8.err).toMatch(/Hint: make one with `slimnet quantize` .*, and pass it as --calibration\./);
    const cuda = await slimnet(['classify', all()[0] as string, ...model, '--device', 'cuda']);
    expect(cuda.err).toMatch(/Hint: use --device cpu\./);
  });

  test('finds the network by the names of the checkpoint, says so, and asks for it where they leave doubt', async () => {
    const args = ['classify', all()[0] as string, ...model.slice(0, 4), '-f', 'jsonl'];
    const named = await slimnet([...args, '--model', 'resnet_v1_50']);
    const found = await slimnet(args);
    expect(found).toEqual({ ...named, err: 'slimnet: network resnet_v1_50, as the names of the checkpoint show\n' });
    const unknown = join(folder, 'unknown.safetensors');
    await writeCheckpoint(unknown, [{ name: 'w', dtype: 'float32', shape: [2], data: () => Float32Array.of(1, 2) }]);
    const { status, err } = await slimnet(['classify', all()[0] as string, '-c', unknown]);
    expect(status).toBe(1);
    expect(err).toMatch(
      /are those of no network that is known here\. Hint: say which network it is, --model: one of resnet_v1_50, /,
    );
  });

  test('stops in order when interrupted', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    const many = Array.from({ length: 200 }, () => all()[0] as string);
    const { status, err } = await slimnet(['classify', ...many, ...model, '-b', '1', '-f', 'jsonl'], {
      signal: controller.signal,
    });
    expect({ status, err }).toEqual({ status: 130, err: 'slimnet: interrupted\n' });
  });

  test('closes its JSON when it is interrupted, and says by which signal', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort('SIGTERM'), 50);
    const many = Array.from({ length: 200 }, () => all()[0] as string);
    const { status, out } = await slimnet(['classify', ...many, ...model, '-b', '1', '-f', 'json'], {
      signal: controller.signal,
    });
    expect(status).toBe(143);
    expect((JSON.parse(out) as unknown[]).length).toBeLessThan(200);
  });
});

describe('embed', () => {
  test('prints JSON lines', async () => {
    const { status, out } = await slimnet(['embed', photos, ...model]);
    expect(status).toBe(0);
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { file: string; features: number[] });
    expect(rows.map(({ file, features }) => [file, features.length])).toEqual(all().map((file) => [file, 2048]));
  });

  test('writes a .npy file and the names beside it', async () => {
    const output = join(folder, 'new folder', 'features.npy');
    const { status, out, err } = await slimnet([
      'embed',
      photos,
      join(folder, 'bad.jpg'),
      ...model,
      '--output',
      output,
    ]);
    expect({ status, out }).toEqual({ status: 1, out: '' });
    expect(err).toContain('features.npy: 3 of 4 images\n');
    const { dtype, shape, data } = readNpy(readFileSync(output));
    expect({ dtype, shape }).toEqual({ dtype: '<f4', shape: [3, 2048] });
    expect(readFileSync(`${output}.txt`, 'utf8')).toBe(
      all()
        .map((name) => `${name}\n`)
        .join(''),
    );
    expect(readdirSync(join(folder, 'new folder')).sort()).toEqual(['features.npy', 'features.npy.txt']);
    const lines = (await slimnet(['embed', photos, ...model])).out.trimEnd().split('\n');
    const last = (JSON.parse(lines[2] as string) as { features: number[] }).features;
    expect(Array.from(data.subarray(2 * 2048))).toEqual(last);
  });

  test('writes no rows when no image can be read, and nothing when the name of the file is wrong', async () => {
    const output = join(folder, 'nothing.npy');
    expect((await slimnet(['embed', join(folder, 'bad.jpg'), ...model, '-o', output])).status).toBe(1);
    expect(readNpy(readFileSync(output)).shape).toEqual([0, 2048]);
    const { status, err } = await slimnet(['embed', photos, ...model, '-o', join(folder, 'features.txt')]);
    expect(status).toBe(2);
    expect(err).toMatch(/ends in \.jsonl, \.csv, \.npy, \.parquet/);
  });
});

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
    const path = await writePlainCheckpoint(join(folder, 'plain.safetensors'), 3);
    const { out } = await slimnet(['inspect', path]);
    expect(out).toMatch(/checkpoint \(safetensors\)\n +tensors +267\n/);
    expect(out).toMatch(/resnet_v1_50\/logits\/weights +float32 +\[1,1,2048,3\] +6144/);
  });

  test('says what is no checkpoint', async () => {
    expect(await slimnet(['inspect', join(folder, 'nowhere')])).toMatchObject({
      status: 1,
      err: expect.stringMatching(/\[ERR_CHECKPOINT\]/),
    });
    expect(await slimnet(['inspect', join(folder, 'labels.txt')])).toMatchObject({
      status: 1,
      err: expect.stringMatching(/unknown kind/),
    });
  });
});

describe('quantize', () => {
  test('writes ranges beside the checkpoint or where it is told, and says what int8 costs', async () => {
    const output = join(folder, 'ranges.json');
    const { status, out, err } = await slimnet([
      'quantize',
      photos,
      ...model.slice(0, 2),
      '-o',
      output,
      '--method',
      'minmax',
    ]);
    expect({ status, err }).toEqual({ status: 0, err: expect.stringContaining('ranges.json: ') });
    const calibration = JSON.parse(readFileSync(output, 'utf8')) as { method: string; runs: number; ranges: object };
    expect(calibration).toMatchObject({ format: 'slimnet.calibration 1', method: 'minmax', keepFloat32: [] });
    expect(Object.keys(calibration.ranges)).toEqual(
      expect.arrayContaining(['images', 'resnet_v1_50/conv1/Relu', 'resnet_v1_50/pool5']),
    );
    expect(out).toMatch(/^beside float32 +int8/m);
    expect(out).toMatch(/^images +1/m);
    expect(out).toMatch(/^same class +100\.00 %/m);
    expect(calibration).toMatchObject({ costs: { int8: { images: 1, agreement: 1 } } });

    const quantized = await slimnet([
      'classify',
      photos,
      ...model.slice(0, 2),
      '-m',
      'resnet_v1_50',
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
    const own = await writePlainCheckpoint(join(folder, 'rough.ckpt'), 10);
    const file = `${own}.calibration.json`;
    const quantized = await slimnet(['quantize', photos, '-c', own, '-d', 'reference', ...small, '--method', 'minmax']);
    expect(quantized.err).toMatch(/^slimnet: with this, --precision auto is int8 \(calibrated, plain code\)$/m);
    const calibration = JSON.parse(readFileSync(file, 'utf8')) as Calibration;
    const rough = { ...calibration, costs: { int8: { ...calibration.costs?.int8, images: 100, agreement: 0.05 } } };
    writeFileSync(file, JSON.stringify(rough));
    const classify = (...more: string[]) =>
      slimnet(['classify', photos, ...model.slice(4), '-c', own, '-d', 'reference', '-f', 'jsonl', '-k', '1', ...more]);
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
    const output = join(folder, 'kept.json');
    const kept = ['--keep-float32', 'resnet_v1_50/conv1', 'resnet_v1_50/logits'];
    const { status, out } = await slimnet(['quantize', photos, ...model.slice(0, 2), '-o', output, '--json', ...kept]);
    expect(status).toBe(0);
    const costs = JSON.parse(out) as object;
    expect(costs).toMatchObject({ int8: { images: 1, agreement: 1 } });
    expect(JSON.parse(readFileSync(output, 'utf8'))).toMatchObject({ keepFloat32: kept.slice(1), costs });
  });

  test('measures bfloat16 without ranges, and what auto chooses then says what it costs', async () => {
    const own = await writePlainCheckpoint(join(folder, 'own.ckpt'), 10);
    const classify = (device: string) =>
      slimnet(['classify', photos, '-m', 'resnet_v1_50', '-c', own, '-d', device, '-f', 'jsonl']);
    const chosen = devices().find(({ name }) => name === 'cpu');
    const auto = fastest(chosen as Device, { calibrated: false, costs: {}, minAgreement: 0 });
    const before = await classify('cpu');
    expect(before).toMatchObject({ status: 0 });
    const inShort = `slimnet: precision ${auto.chosen} (${auto.why}); `;
    if (auto.chosen === 'float32') expect(before.err).toBe('');
    else expect(before.err.startsWith(`${inShort}what it costs is not measured for this model`)).toBe(true);
    const measured = await slimnet(['quantize', photos, '-c', own, '--precision', 'bfloat16']);
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
    const output = join(folder, 'both.json');
    const args = ['quantize', photos, ...model.slice(0, 2), '-d', 'reference', ...small, '-o', output];
    expect((await slimnet([...args, '--method', 'minmax'])).status).toBe(0);
    const read = () => JSON.parse(readFileSync(output, 'utf8')) as Calibration;
    const before = read();
    expect(before.costs).toMatchObject({ int8: { images: 1 }, bfloat16: { images: 1 } });
    expect((await slimnet([...args, '--precision', 'bfloat16'])).status).toBe(0);
    const { costs, ...rest } = read();
    expect({ ...rest, costs: costs?.int8 }).toEqual({ ...before, costs: before.costs?.int8 });
    expect(costs?.bfloat16?.images).toBe(3);
    expect((await slimnet([...args, '--precision', 'bfloat16', '--keep-float32', 'resnet_v1_50/conv1'])).status).toBe(
      0,
    );
    expect(read()).toMatchObject({ keepFloat32: ['resnet_v1_50/conv1'], ranges: before.ranges });
    expect(Object.keys(read().costs ?? {})).toEqual(['bfloat16']);
  });

  test.each<[string, readonly string[], RegExp]>([
    ['a single image', ['a.jpg'], /Expected at least two images, received 1/],
    ['a method that does not exist', ['a.jpg', 'b.png', '--method', 'best'], /minmax, percentile, entropy/],
    ['a percentile of nothing', ['a.jpg', 'b.png', '--percentile', '0'], /Expected a number above 0/],
  ])('refuses %s', async (_, args, message) => {
    const given = args.map((arg) => (/\.(jpg|png)$/.test(arg) ? join(photos, arg) : arg));
    expect(await slimnet(['quantize', ...given, ...model.slice(0, 2)])).toMatchObject({
      status: 2,
      err: expect.stringMatching(message),
    });
  });
});

describe('doctor', () => {
  test('describes machine and build for people and for programs', async () => {
    const { status, out } = await slimnet(['doctor']);
    expect(status).toBe(0);
    expect(out).toMatch(/slimnet +\d+\.\d+\.\d+\n/);
    expect(out).toMatch(/oneDNN +3\.\d+\.\d+\n/);
    expect(out).toMatch(/AMX +(granted|available|refused|absent): (present|this CPU)/);
    expect(out).toMatch(/onednn +available/);
    expect(out).toMatch(/float32 +available/);
    expect(out).toMatch(/instructions +\w+ \(what oneDNN uses\)\n/);
    expect(out).toMatch(
      /auto is (float32|bfloat16) \(.+\), with a calibration that costs little (float32|bfloat16|int8) \(.+\)\n/,
    );
    expect(out).toMatch(/kernels of resnet_v1_50, (float32|bfloat16) +steps\n/);
    expect(out.trimEnd().split('\n').at(-1)).toBe('no step has a reference kernel');
    const report = JSON.parse((await slimnet(['doctor', '--json'])).out) as {
      cores: number;
      backends: { name: string; leftOut: string[] }[];
      auto: { chosen: string; why: string };
      network: { name: string; precision: string; kernels: Record<string, number>; defects: unknown[] };
    };
    expect(report.network).toMatchObject({ name: 'resnet_v1_50', precision: report.auto.chosen, defects: [] });
    expect(report.auto.why).not.toBe('');
    expect(Object.values(report.network.kernels).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(50);
    expect(report.cores).toBeGreaterThan(0);
    expect(Object.fromEntries(report.backends.map(({ name, leftOut }) => [name, leftOut]))).toEqual({
      onednn: [],
      reference: [],
      cudnn: [],
      null: [],
    });
  });
});

describe('bench', () => {
  test('measures each batch size', async () => {
    const { status, out } = await slimnet(['bench', '--device', 'null', '-n', '3', '-b', '1', '2', '--json']);
    expect(status).toBe(0);
    const { results } = JSON.parse(out) as { results: Record<string, number>[] };
    expect(results.map(({ batch }) => batch)).toEqual([1, 2]);
    for (const { batch, imagesPerSecond, medianMs, minMs, maxMs } of results as Record<string, number>[]) {
      expect(imagesPerSecond).toBeCloseTo(((batch as number) * 1000) / (medianMs as number), 3);
      expect(minMs).toBeLessThanOrEqual(medianMs as number);
      expect(maxMs).toBeGreaterThanOrEqual(medianMs as number);
    }
  });

  test.each([
    [['-m', 'resnet_v2_50', '--size', '64'], 64],
    [['-m', 'resnet_v2_50'], 299],
  ])('measures %j at the size that is asked for, or that of the network', async (args, size) => {
    const { status, out } = await slimnet(['bench', '--device', 'null', '-n', '1', '-b', '1', '--json', ...args]);
    expect({ status, report: JSON.parse(out) as object }).toMatchObject({ status: 0, report: { size } });
  });
});

describe('wrong use', () => {
  test.each([
    [[], /Usage: slimnet/],
    [['clasify'], /Did you mean classify\?/],
    [['classify', '-c', 'x'], /Expected images: .*--from-file/],
    [['classify', 'a.jpg'], /Expected one of --checkpoint and --weights/],
    [['classify', 'a.jpg', '-c', 'x', '--k', '3'], /Did you mean -k, --top-k\?/],
    [['classify', 'a.jpg', '-c', 'x', '-K', '3'], /Did you mean -k, --top-k\?/],
    [['classify', 'a.jpg', '-c', 'x', '--modle', 'y'], /Did you mean (one of --mode, )?--model\?/],
    [['classify', 'a.jpg', '-c', 'x', '-m', 'resnet_v9'], /Allowed choices are resnet_v1_50,/],
    [['classify', 'a.jpg', '-c', 'x', '-k', '0'], /integer from 1/],
    [['classify', 'a.jpg', '-c', 'x', '-k', '2.5'], /integer from 1/],
    [['classify', 'a.jpg', '-c', 'x', '-f', 'xml'], /table, json, jsonl, csv/],
    [['classify', 'a.jpg', '-c', 'x', '-b', '5000'], /1 to 1024/],
    [['bench', '--batch', 'many'], /integer/],
    [['bench', '--size', '0'], /integer from 1 to 16384/],
    [['classify', 'a.jpg', '-c', 'x', '--min-agreement', '1.5'], /Expected a number from 0 to 1/],
    [['quickstart', '--output', ''], /expected the name of a folder/],
    [['inspect'], /missing required argument/],
    [['doctor', 'me'], /too many arguments/],
  ])('slimnet %j exits with 2 and a hint', async (args, message) => {
    const { status, out, err } = await slimnet(args);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toMatch(message);
  });

  test('so does an empty folder, and labels that do not fit', async () => {
    mkdirSync(join(folder, 'empty'), { recursive: true });
    expect(await slimnet(['classify', join(folder, 'empty'), ...model])).toMatchObject({
      status: 2,
      err: expect.stringContaining('holds no images'),
    });
    writeFileSync(join(folder, 'two.txt'), 'a\nb');
    const { status, err } = await slimnet(['classify', photos, ...model, '--labels', join(folder, 'two.txt')]);
    expect(status).toBe(2);
    expect(err).toMatch(/two\.txt: labels: expected 10 labels, received 2\. Hint/);
  });

  test('a missing checkpoint, a device that is not there and another network are failures', async () => {
    const run = (args: readonly string[]) => slimnet(['classify', photos, ...args]);
    expect(await run(['-c', join(folder, 'nowhere')])).toMatchObject({
      status: 1,
      err: expect.stringContaining('ERR_CHECKPOINT'),
    });
    expect(await run([...model, '-d', 'cuda'])).toMatchObject({
      status: 1,
      err: expect.stringContaining('ERR_BACKEND'),
    });
    expect(await run([...model, '-m', 'resnet_v1_101'])).toMatchObject({
      status: 1,
      err: expect.stringContaining('load the model resnet_v1_50: --model resnet_v1_50.'),
    });
  });
});

describe('help', () => {
  test('lists the commands', async () => {
    const { status, out, err } = await slimnet(['--help']);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    for (const command of ['quickstart', 'classify', 'embed', 'quantize', 'inspect', 'bench', 'doctor'])
      expect(out).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
  });

  test.each(['classify', 'embed', 'quantize', 'inspect', 'bench', 'doctor', 'quickstart'])(
    'of %s shows its options',
    async (command) => {
      const { status, out } = await slimnet([command, '--help']);
      expect(status).toBe(0);
      expect(out).toMatch(new RegExp(`^Usage: slimnet ${command} `));
      expect(out).toContain('--help');
    },
  );

  test('and version are results, not errors', async () => {
    expect(await slimnet(['--version'])).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\naddon: .*oneDNN \d.*\nnode: \d.*\n$/),
      err: '',
    });
  });
});
