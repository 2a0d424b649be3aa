import { readFileSync } from 'node:fs';
import { writeCheckpoint } from '../../../../lib/checkpoint/index.js';
import { slimnet } from '../../../helpers/cli.js';
import { commandFolder, small } from '../../../helpers/command_folder.js';
import { writePlainCheckpoint } from '../../../helpers/plain_checkpoint.js';

const given = commandFolder();

interface JsonResult {
  readonly file: string;
  readonly predictions: readonly { readonly index: number; readonly label: string; readonly probability: number }[];
}

describe('classify', () => {
  test('prints a table for each image of a folder', async () => {
    const { status, out, err } = await slimnet([
      'classify',
      given.photos,
      ...given.model,
      ...given.labels,
      '--top-k',
      '2',
    ]);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    const blocks = out.trimEnd().split('\n\n');
    expect(blocks.map((block) => block.split('\n')[0])).toEqual(given.all());
    for (const block of blocks)
      expect(block).toMatch(/^.*\nclass +label +probability\n-+ +-+ +-+\n( +\d {2}kind, \d {2}0\.\d{4}(\n|$)){2}/);
  });

  test('prints JSON, JSON lines and CSV that say the same', async () => {
    const run = async (format: string) =>
      slimnet(['classify', given.photos, ...given.model, ...given.labels, '-k', '3', '-f', format, '--batch', '2']);
    const json = JSON.parse((await run('json')).out) as JsonResult[];
    expect(json.map(({ file, predictions }) => [file, predictions.length])).toEqual(
      given.all().map((file) => [file, 3]),
    );
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
    const one = await slimnet(['classify', '-', ...given.model, '-f', 'jsonl'], {
      stdin: readFileSync(given.all()[0] as string),
    });
    expect(one.status).toBe(0);
    const list = await slimnet(['classify', '-', ...given.model, '-f', 'jsonl'], { stdin: `${given.all()[0]}\n` });
    expect(JSON.parse(list.out)).toEqual({ ...JSON.parse(one.out), file: given.all()[0] });
    expect((JSON.parse(one.out) as JsonResult).file).toBe('-');
  });

  test('reports a bad file, goes on with the others, and says so by its exit status', async () => {
    const missing = given.path('missing.jpg');
    const args = ['classify', missing, given.all()[0] as string, given.path('bad.jpg'), given.all()[1] as string];
    const { status, out, err } = await slimnet([...args, ...given.model, '-f', 'jsonl', '-b', '1']);
    expect(status).toBe(1);
    const records = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as JsonResult & { error?: { code: string; message: string } });
    expect(records.filter(({ error }) => error === undefined).map(({ file }) => file)).toEqual(given.all().slice(0, 2));
    const failed = records.filter(({ error }) => error !== undefined);
    expect(failed.map(({ file, error }) => [file, error?.code])).toEqual([
      [missing, 'ERR_IMAGE'],
      [given.path('bad.jpg'), 'ERR_IMAGE'],
    ]);
    const lines = err.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/missing\.jpg: .*no such file.*\[ERR_IMAGE\]/);
    expect(lines[1]).toMatch(/bad\.jpg: This is no image that can be decoded\..*\[ERR_IMAGE\]/);
    expect(lines[2]).toBe('slimnet: 2 of 4 images failed.');
  });

  test('when all files are bad, every format is still well-formed and says so', async () => {
    const bad = given.path('bad.jpg');
    const run = async (format: string) => {
      const { status, out } = await slimnet(['classify', bad, ...given.model, '-f', format]);
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
        command === 'classify' ? 'resnet_18/logits/biases' : 'resnet_18/block4/unit_2/basic_v1/conv2/BatchNorm/beta';
      const damaged = await writePlainCheckpoint(given.path(`nan_${command}.ckpt`), 10, 'resnet_18', variable);
      const image = given.all()[0] as string;
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
    const { out, err } = await slimnet(['classify', given.photos, ...given.model, '-f', 'jsonl', '-b', '1'], {
      terminal: true,
    });
    expect(out.trimEnd().split('\n')).toHaveLength(3);
    expect(err).toMatch(/\[-+\] 0\/3 images/);
    expect(err).toMatch(/\r\u001b\[K$/);
  });

  test('asks for no more classes than there are', async () => {
    const { out } = await slimnet(['classify', given.all()[0] as string, ...given.model, '-f', 'jsonl', '-k', '1000']);
    expect((JSON.parse(out) as JsonResult).predictions).toHaveLength(10);
  });

  test('a name in a list that is no text fails alone, and is no record', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${given.all()[0]}\nGro`),
      Buffer.from([0xdf]),
      Buffer.from(`.jpg\n${given.all()[1]}\n`),
    ]);
    const { status, out, err } = await slimnet(['classify', '-', ...given.model, '-f', 'jsonl'], { stdin: bytes });
    expect(status).toBe(1);
    const files = out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as JsonResult).file);
    expect(files).toEqual(given.all().slice(0, 2));
    expect(err).toMatch(/Gro\ufffd\.jpg: Line 2 of standard input is not UTF-8.*\n.*1 of 3 images failed/s);
  });

  test('hints are in the spelling of the command line, and name nothing that it lacks', async () => {
    const limited = await slimnet([
      'classify',
      given.all()[0] as string,
      ...given.model,
      '--max-pixels',
      '100',
      '-f',
      'jsonl',
    ]);
    expect(limited.err).toMatch(/pixel limit.* Hint: raise --max-pixels if the image is meant to be that large\./);
    expect(JSON.parse(limited.out)).toMatchObject({ error: { message: expect.stringContaining('--max-pixels') } });
    const misfit = await slimnet(['classify', given.all()[0] as string, ...given.model, '--classes', '7']);
    expect(misfit.status).toBe(1);
    expect(misfit.err).toMatch(/Hint: The checkpoint has 10 classes, the network 7: build it with --classes 10\./);
    expect(misfit.err).not.toMatch(/excludeScopes|ignoreMissing|exclude-scopes/);
    const int8 = await slimnet([
      'classify',
      given.all()[0] as string,
      ...given.model.slice(0, 2),
      '--precision',
      'int8',
    ]);
    expect(int8.err).toMatch(/Hint: make one with `slimnet quantize` .*, and pass it as --calibration\./);
    const cuda = await slimnet(['classify', given.all()[0] as string, ...given.model, '--device', 'cuda']);
    expect(cuda.err).toMatch(/Hint: use --device cpu\./);
  });

  test('finds the network by the names of the checkpoint, says so, and asks for it where they leave doubt', async () => {
    const args = ['classify', given.all()[0] as string, ...given.model.slice(0, 4), '-f', 'jsonl'];
    const named = await slimnet([...args, '--model', 'resnet_18']);
    const found = await slimnet(args);
    expect(found).toEqual({ ...named, err: 'slimnet: network resnet_18, as the names of the checkpoint show\n' });
    const unknown = given.path('unknown.safetensors');
    await writeCheckpoint(unknown, [{ name: 'w', dtype: 'float32', shape: [2], data: () => Float32Array.of(1, 2) }]);
    const { status, err } = await slimnet(['classify', given.all()[0] as string, '-c', unknown]);
    expect(status).toBe(1);
    expect(err).toMatch(
      /are those of no network that is known here\. Hint: say which network it is, --model: one of resnet_v1_50, /,
    );
  });

  test('stops in order when interrupted', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    const many = Array.from({ length: 200 }, () => given.all()[0] as string);
    const { status, err } = await slimnet(['classify', ...many, ...given.model, '-b', '1', '-f', 'jsonl'], {
      signal: controller.signal,
    });
    expect({ status, err }).toEqual({ status: 130, err: 'slimnet: interrupted\n' });
  });

  test('closes its JSON when it is interrupted, and says by which signal', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort('SIGTERM'), 50);
    const many = Array.from({ length: 200 }, () => given.all()[0] as string);
    const { status, out } = await slimnet(['classify', ...many, ...given.model, '-b', '1', '-f', 'json'], {
      signal: controller.signal,
    });
    expect(status).toBe(143);
    expect((JSON.parse(out) as unknown[]).length).toBeLessThan(200);
  });
});
