/** Writes event files of a run that was resumed into a folder, for check_events.py. Needs build/lib (npm run build:ts). */
import { statSync, truncateSync } from 'node:fs';
import sharp from 'sharp';
import { Graph } from '../../build/lib/core/graph.js';
import { nets, placeholder, slim } from '../../build/lib/index.js';
import { SummaryWriter } from '../../build/lib/summaries/index.js';

const [folder] = process.argv.slice(2);
const first = await SummaryWriter.open(folder);
const graph = new Graph({ seed: 1 });
graph.build(() =>
  slim.argScope(nets.resnetArgScope(), () =>
    nets.resnetV1_50(placeholder('float32', [1, 64, 64, 3], { name: 'images' }), { numClasses: 10, isTraining: false }),
  ),
);
first.graph(graph);
for (let step = 1; step <= 6; step++) first.scalar('loss', 1 / step, step);
await first.close();
// As a kill leaves it.
truncateSync(first.path, statSync(first.path).size - 3);

await new Promise((resolve) => setTimeout(resolve, 1100));
const second = await SummaryWriter.open(folder, { startStep: 4 });
for (let step = 4; step <= 6; step++) second.scalar('loss', 10 / step, step);
second.histogram(
  'weights',
  Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i)),
  6,
);
const encoded = await sharp({ create: { width: 6, height: 4, channels: 3, background: { r: 200, g: 10, b: 30 } } })
  .png()
  .toBuffer();
for (let i = 0; i < 2; i++) second.image(`input/image/${i}`, { encoded, width: 6, height: 4 }, 6);
await second.close();
