// A network that learns a folder of pictures. Usage: node examples/train_folder.mjs FOLDER [TRAIN_DIR [CHECKPOINT]]
//
// FOLDER holds a folder of pictures for each class. With a CHECKPOINT (resnet_v1_50.ckpt of the published archive) it is fine-tuned: all
// but the last layer begins with its weights. Without one a small network of one's own is trained from nothing. An installed package is
// imported as 'slimnet'.
import { imageFolder, nets, optimizers, schedules, slim, Trainer } from '../dist/index.js';

const [folder, trainDir = 'runs/example', checkpoint] = process.argv.slice(2);
if (folder === undefined) {
  console.error('Usage: node examples/train_folder.mjs FOLDER [TRAIN_DIR [CHECKPOINT]]');
  process.exit(2);
}

const smallNetwork = {
  name: 'small',
  imageSize: 64,
  preprocessing: 'inception',
  build: (images, { numClasses, isTraining }) =>
    slim.argScope(nets.resnetArgScope({ batchNormDecay: 0.9 }), () => {
      const blocks = [
        nets.resnetV1BasicBlock('block1', { baseDepth: 16, numUnits: 1, stride: 2 }),
        nets.resnetV1BasicBlock('block2', { baseDepth: 32, numUnits: 1, stride: 1 }),
      ];
      return nets.resnetV1(images, blocks, { numClasses, isTraining, scope: 'small' });
    }),
};

const trainer = await Trainer.create(checkpoint === undefined ? smallNetwork : 'resnet_v1_50', {
  data: imageFolder(folder, { validation: 0.2 }),
  ...(checkpoint === undefined ? {} : { checkpoint, excludeScopes: ['resnet_v1_50/logits'] }),
  trainDir,
  batchSize: 8,
  epochs: 4,
  optimizer: ({ steps }) => optimizers.momentum(schedules.cosineDecay(0.01, steps), 0.9),
  onEpoch: ({ epoch, loss, evaluation }) =>
    console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}, ${(100 * evaluation.top1).toFixed(0)} % right`),
});

// Ctrl-C ends the step and writes a checkpoint; the next start goes on.
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
const { outcome, best } = await trainer.run({ signal: stop.signal });
console.log(`${outcome}; best: ${(100 * best.value).toFixed(0)} % after step ${best.step}, ${best.checkpoint}`);

const { perClass } = await trainer.evaluate();
for (const { name, recall } of perClass) console.log(`  ${name}: ${(100 * recall).toFixed(0)} %`);
await trainer.close();
