/**
 * A small residual network learns the ten shapes of P10 (docs/images.md) at 64 x 64: 20,000 pictures, five epochs, and 20,000 others to see
 * what it knows. Three seeds, in float32 and bfloat16 from the same weights and in the same order; then with a fifth of the labels flipped;
 * then 64 labels that mean nothing.
 *
 *   node test/learning/p10.mjs [--only seeds|flipped|random] [--seeds 1,2,3] [--precisions float32,bfloat16] [--threads 1]
 *
 * Each training is a process of its own. p10_torch.py trains the same network on the same pictures in PyTorch.
 * Exit status 1: one of them knows less than it should.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  augmentations,
  constant,
  nets,
  optimizers,
  schedules,
  shapeClasses,
  shapeImage,
  slim,
  Trainer,
} from '../../dist/index.js';

const recipe = { pictures: 20_000, heldOut: 20_000, batchSize: 32, epochs: 5, rate: 0.1, momentum: 0.9, warmup: 300 };
const heldOutSeed = 2;
const goals = { seeds: 0.99, flipped: 0.95, random: 1 };
/** How far bfloat16 may be from float32. */
const farthest = 0.003;

const network = {
  name: 'p10',
  imageSize: 64,
  preprocessing: 'caffe',
  build: (images, { numClasses, isTraining }) =>
    slim.argScope(nets.resnetArgScope({ weightDecay: 1e-4, batchNormDecay: 0.9 }), () => {
      // The colour of a background says nothing about the shape.
      const mean = slim.reduceMean(images, [1, 2], { keepDims: true });
      const centred = slim.multiply(slim.subtract(images, mean), constant(1 / 64));
      const stem = slim.argScope([slim.batchNorm], { isTraining }, () =>
        slim.conv2d(centred, 16, 3, { stride: 2, scope: 'p10/stem' }),
      );
      const blocks = [
        nets.resnetV1BasicBlock('block1', { baseDepth: 16, numUnits: 2, stride: 2 }),
        nets.resnetV1BasicBlock('block2', { baseDepth: 32, numUnits: 2, stride: 2 }),
        nets.resnetV1BasicBlock('block3', { baseDepth: 64, numUnits: 2, stride: 1 }),
      ];
      return nets.resnetV1(stem, blocks, { numClasses, isTraining, includeRootBlock: false, scope: 'p10' });
    }),
};

/** Uniform in [0, 1), by number: the same everywhere. */
function random(number) {
  let x = Math.imul(number + 1, 0x9e3779b1);
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
}

/** Labels of a task by number of the picture. */
const labels = {
  seeds: (label) => label,
  /** A fifth is one of the nine others. */
  flipped: (label, index) =>
    random(2 * index) < 0.2 ? (label + 1 + Math.floor(9 * random(2 * index + 1))) % 10 : label,
  random: (_, index) => Math.floor(10 * random(index)),
};

/** Pictures that are drawn once. */
function pictures(seed, length, labelOf = labels.seeds) {
  const drawn = Array.from({ length }, (_, index) => shapeImage({ seed, index }));
  return {
    length,
    classes: shapeClasses,
    get(index) {
      const { label, ...image } = drawn[index];
      return { image, label: labelOf(label, index) };
    },
  };
}

/** @returns the part of the held-out pictures (`random`: of those that were learnt) that is right */
async function train({ task, seed, precision, threads }) {
  const { batchSize, rate, momentum, warmup } = recipe;
  const byHeart = task === 'random';
  const length = byHeart ? 64 : recipe.pictures;
  const training = pictures(10 + seed, length, labels[task]);
  const data = { ...training, validation: byHeart ? training : pictures(heldOutSeed, recipe.heldOut) };
  const trainer = await Trainer.create(network, {
    data,
    batchSize,
    epochs: byHeart ? 200 : recipe.epochs,
    seed,
    precision,
    threads,
    augmentation: augmentations.none(),
    cache: 'none',
    evaluateEveryEpoch: false,
    optimizer: ({ steps }) =>
      optimizers.momentum(
        schedules.warmup(schedules.cosineDecay(byHeart ? rate / 4 : rate, steps), byHeart ? 20 : warmup),
        momentum,
        { useNesterov: true },
      ),
  });
  let right = 0;
  let steps = 0;
  for await (const { step, epoch, accuracy } of trainer.steps()) {
    right += accuracy;
    steps++;
    if (step % 400 !== 0) continue;
    console.error(
      `  ${task}, seed ${seed}, ${precision}: epoch ${epoch.toFixed(2)}, ${percent(right / steps)} of the last batches`,
    );
    right = 0;
    steps = 0;
  }
  const { top1 } = await trainer.evaluate();
  await trainer.close();
  return top1;
}

const percent = (part) => `${(100 * part).toFixed(2)} %`;

/** The same in a process of its own. */
function trained(task, seed, precision, threads) {
  const args = [fileURLToPath(import.meta.url), '--one', JSON.stringify({ task, seed, precision, threads })];
  const { status, stdout } = spawnSync(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${task}, seed ${seed}, ${precision}: status ${status}`);
  const { top1, cpu } = JSON.parse(stdout);
  const fails = top1 < goals[task];
  console.log(
    `${task}, seed ${seed}, ${precision}: ${percent(top1)}${fails ? `, expected ${percent(goals[task])}` : ''}; ${cpu.toFixed(0)} s of processor time`,
  );
  return { top1, fails };
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seeds: { type: 'string', default: '1,2,3' },
    precisions: { type: 'string', default: 'float32,bfloat16' },
    threads: { type: 'string', default: '1' },
    one: { type: 'string' },
  },
});
if (values.one !== undefined) {
  const top1 = await train(JSON.parse(values.one));
  const { user, system } = process.cpuUsage();
  console.log(JSON.stringify({ top1, cpu: (user + system) / 1e6 }));
} else {
  const wants = (task) => values.only === undefined || values.only === task;
  const threads = Number(values.threads);
  const precisions = values.precisions.split(',');
  let failed = false;
  for (const seed of wants('seeds') ? values.seeds.split(',').map(Number) : []) {
    const results = precisions.map((precision) => trained('seeds', seed, precision, threads));
    const [first, second] = results.map(({ top1 }) => top1);
    const apart = second !== undefined && Math.abs(first - second) > farthest;
    if (apart) console.log(`seed ${seed}: more than ${percent(farthest)} apart`);
    failed ||= apart || results.some(({ fails }) => fails);
  }
  for (const task of ['random', 'flipped'].filter(wants))
    failed = trained(task, 1, precisions[0], threads).fails || failed;
  process.exitCode = failed ? 1 : 0;
}
