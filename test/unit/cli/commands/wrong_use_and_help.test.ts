import { mkdirSync, writeFileSync } from 'node:fs';
import { slimnet } from '../../../helpers/cli.js';
import { commandFolder } from '../../../helpers/command_folder.js';

const given = commandFolder('resnet_v1_50');

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
    [['serve', '-c', 'x', '--weights', 'imagenet'], /expected one of --checkpoint, --weights and --repository/],
    [['serve', '--weights', 'imagenet'], /expected --model, the network whose weights are wanted/],
    [
      ['serve', '--weights', 'imagenet', '--repository', 'x'],
      /expected one of --checkpoint, --weights and --repository/,
    ],
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
    mkdirSync(given.path('empty'), { recursive: true });
    expect(await slimnet(['classify', given.path('empty'), ...given.model])).toMatchObject({
      status: 2,
      err: expect.stringContaining('holds no images'),
    });
    writeFileSync(given.path('two.txt'), 'a\nb');
    const { status, err } = await slimnet([
      'classify',
      given.photos,
      ...given.model,
      '--labels',
      given.path('two.txt'),
    ]);
    expect(status).toBe(2);
    expect(err).toMatch(/two\.txt: labels: expected 10 labels, received 2\. Hint/);
  });

  test('a missing checkpoint, a device that is not there and another network are failures', async () => {
    const run = (args: readonly string[]) => slimnet(['classify', given.photos, ...args]);
    expect(await run(['-c', given.path('nowhere')])).toMatchObject({
      status: 1,
      err: expect.stringContaining('ERR_CHECKPOINT'),
    });
    expect(await run([...given.model, '-d', 'cuda'])).toMatchObject({
      status: 1,
      err: expect.stringContaining('ERR_BACKEND'),
    });
    expect(await run([...given.model, '-m', 'resnet_v1_101'])).toMatchObject({
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
