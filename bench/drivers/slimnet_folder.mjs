// slimnet: a `Trainer` whose images are files of a folder, from the second epoch on: decoded once, augmented anew for each step.
import { linkSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { training } from '../training_step.mjs';
import { answer } from './common.mjs';
import { orUnavailable, version } from './own.mjs';

/** What the logits of all other subjects tell apart; the folder has two of them. */
const classes = Array.from({ length: training.classes }, (_, i) => `class ${i}`);

/** The pictures as a folder with a folder for each of two classes, beside them. */
function folderOf(pictures) {
  const root = mkdtempSync(join(dirname(pictures[0]), 'classes-'));
  process.once('exit', () => rmSync(root, { recursive: true }));
  for (const name of ['a', 'b']) mkdirSync(join(root, name));
  for (const [i, path] of pictures.entries()) linkSync(path, join(root, i % 2 === 0 ? 'a' : 'b', basename(path)));
  return root;
}

await answer({
  version,
  order: 'nhwc',
  async loadTraining({ network, checkpoint, threads, precision, batch, size, pictures }) {
    const slimnet = await import('../../dist/index.js');
    const files = await slimnet.imageFolder(folderOf(pictures));
    const trainer = await orUnavailable(slimnet, () =>
      slimnet.Trainer.create(network, {
        data: { length: files.length, classes, get: (index) => files.get(index) },
        ...{ checkpoint, imageSize: size, batchSize: batch, device: 'cpu', threads, precision },
        ...{ epochs: 1_000_000, weightDecay: training.weightDecay },
        optimizer: slimnet.optimizers.momentum(training.learningRate, training.momentum),
      }),
    );
    const steps = trainer.steps();
    // The loss of other pictures says nothing beside those of the other subjects: it stays here.
    const step = async () => void (await orUnavailable(slimnet, () => steps.next()));
    do await step();
    while (trainer.step * batch < files.length);
    return step;
  },
});
