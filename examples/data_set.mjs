// Batches of labelled images, augmented. Usage: node examples/data_set.mjs [FOLDER [EVENTS]]
//
// FOLDER has a folder of images for each class; without it, shapes are drawn. EVENTS is where TensorBoard finds the pictures.
import {
  augmentations,
  BatchLoader,
  imageFolder,
  pictureOf,
  preprocessingFor,
  SummaryWriter,
  shapeDataSet,
  splitDataSet,
} from '../dist/index.js';

const [folder, events] = process.argv.slice(2);
const dataSet =
  folder === undefined
    ? await splitDataSet(shapeDataSet({ seed: 1, length: 200 }), { validation: 0.2 })
    : await imageFolder(folder, { validation: 0.2, seed: 1 });
console.log(`${dataSet.length} images of ${dataSet.classes.length} classes, ${dataSet.validation.length} held out`);

const size = 64;
const loader = await BatchLoader.create(dataSet, {
  batchSize: 8,
  preprocessing: preprocessingFor('vgg', size, { resizeSide: size }),
  augmentation: augmentations.plain({ resizeSideMin: size, resizeSideMax: size + 8, brightness: 0.1 }),
  seed: 1,
  epochs: 1,
  onSkip: ({ name, error }) => console.warn(`left out: ${name}: ${error.message}`),
});
const writer = events === undefined ? null : await SummaryWriter.open(events);
let step = 0;
for await (const { images, labels, next } of loader) {
  // Here a training step would be: session.run({ images, labels }, { trainOp }). `next` is all that has to be kept to go on from here.
  step++;
  const names = [...labels].map((label) => dataSet.classes[label]);
  console.log(`batch ${step}: ${names.join(', ')}; then epoch ${next.epoch}, image ${next.taken}`);
  writer?.image('input/image/0', await pictureOf(images[0], size, size), step);
}
await writer?.close();
