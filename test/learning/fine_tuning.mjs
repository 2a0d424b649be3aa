/**
 * Does a network that knows four shapes of P10 learn four others faster than one that knows nothing? Both get the same pictures and steps.
 *
 *   node test/learning/fine_tuning.mjs [--steps 300] [--before 1000]
 *
 * Exit status 1: it does not.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  augmentations,
  nets,
  optimizers,
  schedules,
  shapeClasses,
  shapeImage,
  slim,
  Trainer,
} from '../../dist/index.js';

const { values } = parseArgs({
  options: { steps: { type: 'string', default: '300' }, before: { type: 'string', default: '1000' } },
});

const network = {
  name: 'shapes',
  imageSize: 32,
  preprocessing: 'caffe',
  build: (images, { numClasses, isTraining }) =>
    slim.argScope(nets.resnetArgScope({ batchNormDecay: 0.9 }), () => {
      const blocks = [
        nets.resnetV1BasicBlock('block1', { baseDepth: 16, numUnits: 1, stride: 1 }),
        nets.resnetV1BasicBlock('block2', { baseDepth: 32, numUnits: 1, stride: 2 }),
        nets.resnetV1BasicBlock('block3', { baseDepth: 64, numUnits: 1, stride: 1 }),
      ];
      return nets.resnetV1(images, blocks, { numClasses, isTraining, scope: 'shapes' });
    }),
};

/** Pictures of some of the shapes. */
function shapes(classes, seed, length) {
  return {
    length,
    classes,
    get(index) {
      const label = index % classes.length;
      // The shape of a picture of P10 is its number modulo 10.
      const number = 10 * Math.floor(index / classes.length) + shapeClasses.indexOf(classes[label]);
      const { label: _, ...image } = shapeImage({ seed, index: number });
      return { image, label };
    },
  };
}

async function train(classes, steps, options) {
  const trainer = await Trainer.create(network, {
    data: { ...shapes(classes, 5, 32 * steps), validation: shapes(classes, 6, 400) },
    batchSize: 32,
    steps,
    optimizer: optimizers.momentum(schedules.warmup(schedules.cosineDecay(0.05, steps), 50), 0.9, {
      useNesterov: true,
    }),
    augmentation: augmentations.none(),
    cache: 'none',
    ...options,
  });
  const { evaluation } = await trainer.run();
  await trainer.close();
  return evaluation.top1;
}

const trainDir = mkdtempSync(join(tmpdir(), 'slimnet-fine-tuning-'));
try {
  const steps = Number(values.steps);
  const known = ['disc', 'ring', 'triangle', 'cross'];
  const others = ['square', 'star', 'bars', 'spiral'];
  const before = await train(known, Number(values.before), { trainDir });
  const fromNothing = await train(others, steps, {});
  const fineTuned = await train(others, steps, { checkpoint: trainDir, excludeScopes: ['shapes/logits'] });
  const percent = (part) => `${(100 * part).toFixed(1)} %`;
  console.log(`${known.join(', ')}: ${percent(before)} of 400 held-out pictures right after ${values.before} steps`);
  console.log(
    `${others.join(', ')}, ${steps} steps: ${percent(fromNothing)} from nothing, ${percent(fineTuned)} from those weights`,
  );
  process.exitCode = fineTuned > fromNothing ? 0 : 1;
} finally {
  rmSync(trainDir, { recursive: true });
}
