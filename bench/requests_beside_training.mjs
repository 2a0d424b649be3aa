/**
 * How long a request to the model of a trainer takes while its steps run, and without them. Both take turns, a few steps each, so that a machine whose
 * speed drifts treats them alike.
 *
 *   node bench/requests_beside_training.mjs [network] [pixels] [batch] [turns]
 */
import { augmentations, shapeClasses, shapeImage, Trainer } from '../dist/index.js';
import { quantile } from './statistics.mjs';

const [network = 'resnet_18', side = 64, batchSize = 8, turns = 40] = process.argv.slice(2);
const requestsATurn = 10;
const stepsATurn = 3;

const drawn = Array.from({ length: 64 }, (_, index) => shapeImage({ seed: 1, index }));
const data = {
  length: drawn.length,
  classes: shapeClasses,
  get(index) {
    const { label, ...image } = drawn[index];
    return { image, label };
  },
};

const trainer = await Trainer.create(network, {
  data,
  imageSize: Number(side),
  batchSize: Number(batchSize),
  steps: (Number(turns) + 1) * stepsATurn,
  augmentation: augmentations.none(),
});
const model = await trainer.model();
const [{ label: _, ...image }] = drawn;
const times = { 'no step runs': [], 'steps run': [] };

async function ask(when) {
  const begin = performance.now();
  await model.logits(image);
  times[when]?.push(performance.now() - begin);
}

const steps = trainer.steps();
async function train() {
  for (let i = 0; i < stepsATurn; i++) await steps.next();
}

// Programs are compiled, and code is warm, after these.
await Promise.all([train(), ask('first')]);
for (let turn = 0; turn < Number(turns); turn++) {
  for (let i = 0; i < requestsATurn; i++) await ask('no step runs');
  let isRunning = true;
  const running = train().finally(() => {
    isRunning = false;
  });
  while (isRunning) await ask('steps run');
  await running;
}
await model[Symbol.asyncDispose]();
await trainer.close();

for (const [when, list] of Object.entries(times)) {
  const at = (part) => quantile(list, part).toFixed(1);
  console.log(`${when}: p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)} ms; ${list.length} requests`);
}
