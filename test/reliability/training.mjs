/**
 * A small training that goes on from its folder, until it is killed or done. Prints what its variables are at the end.
 *
 *   node test/reliability/training.mjs FOLDER
 */
import { createHash } from 'node:crypto';
import { augmentations, nets, optimizers, schedules, shapeDataSet, slim, Trainer } from '../../dist/index.js';

const network = {
  name: 'small',
  imageSize: 16,
  preprocessing: 'caffe',
  build: (images, { numClasses, isTraining }) =>
    slim.argScope(nets.resnetArgScope({ batchNormDecay: 0.9 }), () =>
      nets.resnetV1(images, [nets.resnetV1BasicBlock('block1', { baseDepth: 8, numUnits: 1, stride: 1 })], {
        numClasses,
        isTraining,
        includeRootBlock: false,
        scope: 'small',
      }),
    ),
};

const trainer = await Trainer.create(network, {
  data: { ...shapeDataSet({ seed: 1, length: 70 }), validation: shapeDataSet({ seed: 2, length: 20 }) },
  trainDir: process.argv[2],
  batchSize: 8,
  gradientAccumulationSteps: 2,
  epochs: 40,
  optimizer: ({ steps }) => optimizers.adam(schedules.cosineDecay(0.01, steps)),
  movingAverageDecay: 0.9,
  augmentation: augmentations.plain({ area: [0.6, 1] }),
  threads: 2,
  saveIntervalSecs: 0,
  cache: 'none',
  onStep: ({ step }) => process.stdout.write(`step ${step}\n`),
});
const { best } = await trainer.run();
const hash = createHash('sha256');
for (const { name, saved } of [...trainer.session.graph.variables.values()].sort((a, b) => (a.name < b.name ? -1 : 1)))
  if (saved !== false) hash.update(name).update(new Uint8Array(trainer.session.read(name).buffer));
await trainer.close();
process.stdout.write(`end ${hash.digest('hex')} best ${best.step} ${best.value}\n`);
