/** A network and pictures so small that the work around them is what takes time. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { shapeDataSet, shapeImage, Trainer } from '../../dist/index.js';

/** Trains resnet_18 of 32 pixels for one step. @returns where its checkpoint is */
export async function smallWeights(folder) {
  const trainer = await Trainer.create('resnet_18', {
    data: shapeDataSet({ seed: 1, length: 8 }),
    ...{ imageSize: 32, trainDir: folder, batchSize: 4, steps: 1, cache: 'none' },
  });
  await trainer.run();
  await trainer.close();
  return folder;
}

/** Pictures of shapes, 32 x 32 pixels. @returns their paths */
export async function smallImages(folder, count) {
  mkdirSync(folder, { recursive: true });
  const paths = [];
  for (let index = 0; index < count; index++) {
    const { data, width, height, channels } = shapeImage({ seed: 1, index });
    const path = join(folder, `${String(index).padStart(5, '0')}.png`);
    await sharp(data, { raw: { width, height, channels } }).resize(32, 32).png({ compressionLevel: 1 }).toFile(path);
    paths.push(path);
  }
  return paths;
}
