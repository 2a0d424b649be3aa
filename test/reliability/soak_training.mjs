/**
 * Does the memory of a training stay as it is? Trains a small network for a while, with checkpoints, evaluations and event files, and compares
 * what is resident after the first quarter with what is at the end.
 *
 *   node test/reliability/soak_training.mjs [--minutes 120]
 *
 * Exit status 1: it grew by more than a tenth.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { augmentations, nets, optimizers, shapeDataSet, slim, Trainer } from '../../dist/index.js';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '120' } } });
const milliseconds = Number(values.minutes) * 60_000;

const network = {
  name: 'small',
  imageSize: 32,
  preprocessing: 'caffe',
  build: (images, { numClasses, isTraining }) =>
    slim.argScope(nets.resnetArgScope({ batchNormDecay: 0.9 }), () =>
      nets.resnetV1(images, [nets.resnetV1BasicBlock('block1', { baseDepth: 16, numUnits: 2, stride: 2 })], {
        numClasses,
        isTraining,
        scope: 'small',
      }),
    ),
};

const trainDir = mkdtempSync(join(tmpdir(), 'slimnet-soak-'));
try {
  const trainer = await Trainer.create(network, {
    data: { ...shapeDataSet({ seed: 1, length: 2000 }), validation: shapeDataSet({ seed: 2, length: 200 }) },
    trainDir,
    batchSize: 16,
    epochs: 1_000_000,
    optimizer: optimizers.adam(0.001),
    movingAverageDecay: 0.99,
    augmentation: augmentations.plain({ area: [0.6, 1] }),
    summaries: { histograms: true },
    saveIntervalSecs: 5,
  });
  const start = performance.now();
  let begun = null;
  let next = 0;
  for await (const { step } of trainer.steps()) {
    const passed = performance.now() - start;
    const resident = process.memoryUsage.rss() / 2 ** 20;
    if (passed > milliseconds / 4) begun ??= resident;
    if (passed >= next) {
      console.log(`${(passed / 60_000).toFixed(0)} min, step ${step}: ${resident.toFixed(0)} MiB`);
      next += milliseconds / 12;
    }
    if (passed < milliseconds) continue;
    console.log(`${begun.toFixed(0)} MiB after a quarter, ${resident.toFixed(0)} MiB at the end, ${step} steps`);
    process.exitCode = resident > 1.1 * begun ? 1 : 0;
    break;
  }
  await trainer.close();
} finally {
  rmSync(trainDir, { recursive: true });
}
