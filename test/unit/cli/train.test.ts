/** slimnet train, eval, and what takes a train dir. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { completeFlags } from '../../../lib/cli/training/flags.js';
import { optimizerOf } from '../../../lib/cli/training/optimizer.js';
import {
  Graph,
  nets,
  placeholder,
  type Schedule,
  Session,
  shapeClasses,
  shapeImage,
  slim,
} from '../../../lib/index.js';
import { slimnet } from '../../helpers/cli.js';

let folder: string;
let data: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slimnet-cli-train-'));
  data = join(folder, 'pictures');
  for (let index = 0; index < 40; index++) {
    const { label, width, height, data: pixels } = shapeImage({ seed: 9, index });
    if (label > 1) continue;
    const name = join(data, shapeClasses[label] as string, `${index}.png`);
    await mkdir(join(data, shapeClasses[label] as string), { recursive: true });
    await writeFile(
      name,
      await sharp(pixels, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer(),
    );
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const small = [
  '--model',
  'resnet_18',
  '--size',
  '32',
  '--batch-size',
  '2',
  '--threads',
  '2',
  '--cache',
  'none',
  '--optimizer',
  'sgd',
];

test('trains a folder, goes on, evaluates, classifies and reports', async () => {
  const trainDir = join(folder, 'run');
  const train = (...more: string[]) => slimnet(['train', data, ...small, '--train-dir', trainDir, ...more]);
  const how = ['--validation', '0.5', '--learning-rate', '0.02', '--moving-average-decay', '0.9'];
  const first = await train('--epochs', '1', '--log-every-n-steps', '1', ...how);
  expect(first).toMatchObject({ status: 0, out: '' });
  expect(first.err).toMatch(/4 images of 2 classes, 4 held out/);
  expect(first.err).toMatch(/step 2\/2, epoch 1\.00, loss \d+\.\d{4}, rate \S+, \d+\.\d images\/s, 0 s left/);
  expect(first.err).toMatch(/finished after step 2/);
  // Everything but the length is as it was begun: network, batch, what is held out, learning rate, averages.
  const second = await slimnet(['train', data, '--train-dir', trainDir, '--steps', '3']);
  expect(second.err).toMatch(/4 held out/);
  expect(second.err).toMatch(/--steps 3 --optimizer sgd --learning-rate 0\.02 .*--moving-average-decay 0\.9/);
  expect(second.err).not.toMatch(/--epochs/);
  expect(second.err).toMatch(/going on after step 2/);
  expect(second.status).toBe(0);
  const other = ['train', data, '--train-dir', trainDir, '--steps', '5', '--threads', '1'];
  const refused = await slimnet(other);
  expect(refused).toMatchObject({
    status: 2,
    err: expect.stringMatching(
      /number of threads.*: 2, now 1\. Hint: --no-exact-resume goes on all the same\./,
    ) as unknown,
  });
  const evaluated = await slimnet(['eval', data, '--train-dir', trainDir]);
  expect(evaluated).toMatchObject({
    status: 0,
    out: expect.stringMatching(/Accuracy [01]\.\d{4}, Recall_5 1\.0000, loss .* \(4 images\)/) as unknown,
  });
  expect(evaluated.err).toMatch(/get their moving averages/);
  const whole = await slimnet(['eval', data, '--train-dir', trainDir, '--part', 'all', '--json']);
  expect(JSON.parse(whole.out)).toMatchObject({ images: 8, top5: 1, perClass: [{ images: 4 }, { images: 4 }] });
  const [picture] = await readdir(join(data, 'disc'));
  const classified = await slimnet([
    'classify',
    join(data, 'disc', picture as string),
    '-c',
    trainDir,
    '--format',
    'json',
  ]);
  const [result] = JSON.parse(classified.out) as [{ predictions: { label: string }[] }];
  expect(result.predictions.map(({ label }) => label).sort()).toEqual(['disc', shapeClasses[1]].sort());
  const record = await readFile(join(trainDir, 'run.jsonl'), 'utf8');
  expect((JSON.parse(record.split('\n')[0] as string) as { command: string }).command).toBe(
    `slimnet train ${data} --model resnet_18 --train-dir ${trainDir} --size 32 --validation 0.5 --seed 0 --device cpu --threads 2 ` +
      '--batch-size 2 --accumulation 1 --epochs 1 --optimizer sgd --learning-rate 0.02 --learning-rate-decay-type cosine ' +
      '--warmup-epochs 1 --batch-norm-decay 0.9 --label-smoothing 0 --clip-gradient-norm 0 --moving-average-decay 0.9 ' +
      '--augmentation auto --class-balance none --cache none ' +
      '--recompute none --recalibration-batches 0 --save-interval-secs 600 --log-every-n-steps 1',
  );
  expect(await slimnet(['report', trainDir])).toMatchObject({ status: 0, out: `${join(trainDir, 'report.html')}\n` });
}, 600_000);

test('an interruption ends the step, writes a checkpoint and is no failure', async () => {
  const trainDir = join(folder, 'interrupted');
  const stop = new AbortController();
  const running = slimnet(['train', data, ...small, '--train-dir', trainDir, '--steps', '100000'], {
    signal: stop.signal,
  });
  const seen = async (): Promise<void> => {
    while (!(await readdir(trainDir).catch((): string[] => [])).includes('checkpoint'))
      await new Promise((resolve) => setTimeout(resolve, 50));
  };
  await seen();
  stop.abort('SIGINT');
  const { status, err } = await running;
  expect(status).toBe(0);
  const [, step] = /interrupted after step (\d+)/.exec(err) ?? [];
  expect(await readdir(trainDir)).toContain(`model.ckpt-${step}.index`);
}, 600_000);

test('--dry-run says parameters, memory and time, and writes nothing', async () => {
  const { status, out } = await slimnet(['train', data, ...small, '--dry-run', '--train-dir', join(folder, 'nothing')]);
  expect(status).toBe(0);
  expect(out).toMatch(/parameters\s+\d{8}/);
  expect(out).toMatch(/working memory of a step\s+\d+\.\d MiB/);
  expect(await readdir(folder)).not.toContain('nothing');
}, 600_000);

test.each([
  [['--num_clones=2'], /one process/],
  [['--num_ps_tasks', '1'], /parameter servers/],
  [['--sync_replicas'], /one process/],
  [['--use_grayscale'], /three channels/],
])('%j is refused with the reason', async (flags, reason) => {
  const { status, err } = await slimnet(['train', data, ...small, '--train_dir', join(folder, 'refused'), ...flags]);
  expect(status).toBe(2);
  expect(err).toMatch(reason);
});

test("takes weights but for scopes, under the names of Slim's flags too", async () => {
  const weights = join(folder, 'weights.safetensors');
  const graph = new Graph({ seed: 1 });
  graph.build(() =>
    slim.argScope(nets.pytorchArgScope(), () =>
      nets.resnet18(placeholder('float32', [1, 32, 32, 3]), { numClasses: 5 }),
    ),
  );
  const session = await Session.create(graph);
  await session.initialize();
  await session.save(weights);
  session.dispose();
  const args = ['train', data, ...small, '--checkpoint', weights, '--dry-run'];
  expect(await slimnet(args)).toMatchObject({ status: 1, err: expect.stringMatching(/--exclude-scopes/) as unknown });
  for (const flag of ['--exclude-scopes', '--checkpoint_exclude_scopes', '--checkpoint-exclude-scopes'])
    expect(await slimnet([...args, flag, 'resnet_18/logits'])).toMatchObject({
      status: 0,
      err: expect.not.stringMatching(/ERR_/) as unknown,
    });
  const lacking = join(folder, 'lacking.safetensors');
  const half = new Graph();
  half.build(() =>
    slim.variable('resnet_18/conv1/weights', { shape: [7, 7, 3, 64], initializer: slim.zerosInitializer() }),
  );
  const other = await Session.create(half);
  await other.initialize();
  await other.save(lacking);
  other.dispose();
  const begun = ['train', data, ...small, '--checkpoint', lacking, '--dry-run'];
  expect(await slimnet([...begun, '--ignore-missing-vars'])).toMatchObject({ status: 0 });
}, 600_000);

test('memory that does not suffice is said before the training, with what does', async () => {
  const args = ['train', data, ...small, '--batch-size', '4', '--dry-run', '--memory-limit'];
  const { status, err } = await slimnet([...args, '10']);
  expect(status).toBe(1);
  expect(err).toMatch(/A step of 4 images takes \d+ MiB of memory, and there are 10.0 MiB/);
  expect(err).toMatch(/not even a single image fits/);
}, 600_000);

test('a batch that is larger than an epoch is told with the flag', async () => {
  const { status, err } = await slimnet([
    'train',
    data,
    ...small,
    '--batch-size',
    '7',
    '--train-dir',
    join(folder, 'large'),
  ]);
  expect(status).toBe(1);
  expect(err).toMatch(/take --batch-size 6 or less/);
});

test('without data or a train dir says so', async () => {
  expect(await slimnet(['train', '--train-dir', 'x'])).toMatchObject({
    status: 2,
    err: expect.stringMatching(/labelled images/) as unknown,
  });
  expect(await slimnet(['train', data])).toMatchObject({
    status: 2,
    err: expect.stringMatching(/--train-dir/) as unknown,
  });
});

describe('--preset slim', () => {
  const flags = (given: Record<string, unknown> = {}) => completeFlags({ preset: 'slim', ...given });

  test('has the defaults of train_image_classifier', () => {
    expect(flags()).toMatchObject({
      batchSize: 32,
      optimizer: 'rmsprop',
      optEpsilon: 1,
      learningRate: 0.01,
      learningRateDecayType: 'exponential',
      learningRateDecayFactor: 0.94,
      numEpochsPerDecay: 2,
      weightDecay: 0.00004,
      batchNormDecay: 0.997,
    });
    expect(optimizerOf(flags(), { stepsPerEpoch: 1281167 / 32, steps: 1 })).toMatchObject({
      kind: 'rmsProp',
      decay: 0.9,
      momentum: 0.9,
      epsilon: 1,
      learningRate: { kind: 'exponentialDecay', decaySteps: 80072 },
    });
  });

  // The values that TF-Slim's own configuration of the learning rate gave for 100 decay steps.
  test.each([
    [
      'exponential',
      [
        [99, 0.01],
        [100, 0.0094],
        [250, 0.008836],
        [1000, 0.005386151],
      ],
    ],
    [
      'polynomial',
      [
        [99, 1.990005e-4],
        [100, 1e-4],
        [250, 1e-4],
      ],
    ],
  ] as const)('the learning rate falls as there: %s', (learningRateDecayType, values) => {
    const { learningRate } = optimizerOf(flags({ learningRateDecayType }), { stepsPerEpoch: 50, steps: 1 });
    for (const [step, value] of values) expect((learningRate as Schedule).at(step)).toBeCloseTo(value, 7);
  });
});
