/**
 * How long the event loop is kept waiting while a network is trained: the delay of a timer, and of it the processor time of the main thread alone, which
 * is all that does not come from other programs on the same cores. With checkpoints, evaluations and event files.
 *
 *   node bench/beside_training.mjs [network] [pixels] [batch] [steps]
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { augmentations, shapeClasses, shapeImage, Trainer } from '../dist/index.js';

const [network = 'resnet_v1_50', side = 64, batchSize = 8, steps = 24] = process.argv.slice(2);
const drawn = Array.from({ length: 64 }, (_, index) => shapeImage({ seed: 1, index }));
const data = {
  length: drawn.length,
  classes: shapeClasses,
  get(index) {
    const { label, ...image } = drawn[index];
    return { image, label };
  },
};

/** Milliseconds of processor time that this thread has had (Linux). */
function ownTime() {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}

const ticks = { 'up to the first step': [], 'steps, checkpoints, evaluations': [] };
let phase = 'up to the first step';
let [lastTick, lastTime] = [performance.now(), ownTime()];
const timer = setInterval(() => {
  const [now, time] = [performance.now(), ownTime()];
  ticks[phase].push({ delay: Math.max(0, now - lastTick - 1), own: time - lastTime });
  [lastTick, lastTime] = [now, time];
}, 1);

const trainDir = mkdtempSync(join(tmpdir(), 'slimnet-beside-'));
try {
  const trainer = await Trainer.create(network, {
    data: { ...data, validation: data },
    trainDir,
    imageSize: Number(side),
    batchSize: Number(batchSize),
    steps: Number(steps),
    augmentation: augmentations.plain(),
    onStep: () => {
      phase = 'steps, checkpoints, evaluations';
    },
  });
  await trainer.run();
  clearInterval(timer);
  await trainer.close();
} finally {
  rmSync(trainDir, { recursive: true });
}

for (const [name, list] of Object.entries(ticks)) {
  for (const what of ['delay', 'own']) {
    const sorted = list.map((tick) => tick[what]).sort((a, b) => a - b);
    const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))].toFixed(2);
    const said = what === 'delay' ? 'delay of a tick' : 'processor time of the main thread in it';
    console.log(
      `${name}: ${said}: p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, largest ${at(1)} ms; ${sorted.length} ticks`,
    );
  }
}
