// slimnet: the session, or the model, that a library user makes from a TensorFlow checkpoint.
import { readFileSync } from 'node:fs';
import { buildNetwork } from '../network.mjs';
import { packedFolder } from '../packed_folder.mjs';
import { buildTrainingStep } from '../training_step.mjs';
import { calibrationOf } from './calibration_file.mjs';
import { answer } from './common.mjs';
import { orUnavailable, version } from './own.mjs';
import { bodiesOf, slimnetRequest } from './requests.mjs';

/** Images a second of a model in full batches, without a server: of pictures, or of pixels. */
async function engineRate(model, jpegs, pixels, seconds) {
  const batch = 32;
  const input = pixels(batch);
  const pass = jpegs === null ? () => model.run(input, { output: 'predictions' }) : () => model.classify(jpegs);
  const images = jpegs?.length ?? batch;
  await pass();
  const begun = performance.now();
  let done = 0;
  while (performance.now() < begun + 1000 * seconds) {
    await pass();
    done += images;
  }
  return (1000 * done) / (performance.now() - begun);
}

await answer({
  version,
  order: 'nhwc',
  async load(task) {
    const { kind, network, checkpoint, threads, precision, mode = 'latency' } = task;
    // Within the measured time of a start.
    const slimnet = await import('../../dist/index.js');
    const { graph, net } = buildNetwork(slimnet, network);
    // As `loadModel` does of itself.
    const packedCache = kind === 'start' && precision !== 'float32' ? { folder: packedFolder } : false;
    const create = async (more) => {
      const session = await slimnet.Session.create(graph, { device: 'cpu', threads, mode, packedCache, ...more });
      await session.restore(checkpoint);
      return session;
    };
    const calibration =
      precision === 'int8' ? { calibration: await calibrationOf(slimnet, task, () => create({}), net) } : {};
    const session = await orUnavailable(slimnet, () => create({ precision, ...calibration }));
    // In memory that need not be copied, as peers read a tensor where it is.
    let images;
    let held;
    const compute = async (pixels) => {
      if (pixels !== held) {
        images = session.allocateFeed('float32', [pixels.length / (224 * 224 * 3), 224, 224, 3]);
        images.set(pixels);
        held = pixels;
      }
      return (await session.run({ images }, { logits: net }, { borrowed: true })).logits.data;
    };
    if (precision === 'float32') return compute;
    // What only a run finds out.
    return (images) => orUnavailable(slimnet, () => compute(images));
  },
  async loadTraining({ network, checkpoint, threads, precision, batch, size: side }) {
    const slimnet = await import('../../dist/index.js');
    const { graph, loss } = buildTrainingStep(slimnet, { network, batch, side });
    const session = await slimnet.Session.create(graph, { device: 'cpu', threads, precision });
    await session.initialize();
    // What the optimizer remembers is no part of the weights that all subjects begin with.
    await session.restore(checkpoint, { ignoreMissing: true });
    const images = session.allocateFeed('float32', [batch, side, side, 3]);
    return async (pixels, labels) => {
      images.set(pixels);
      const step = () => session.run({ images, labels }, { loss }, { borrowed: true });
      const { loss: value } = await orUnavailable(slimnet, step);
      return value.data[0];
    };
  },
  async serve({ network, checkpoint, threads, precision, side, pictures, way, limits = {} }, pixels) {
    const slimnet = await import('../../dist/index.js');
    const { startServer } = await import('../../dist/server/index.js');
    const options = { checkpoint, threads, precision, imageSize: side, files: false };
    const model = await orUnavailable(slimnet, () => slimnet.loadModel(network, options));
    await model.warmup({ outputs: [model.outputs] });
    const server = await startServer({ models: { [network]: model }, port: 0, drainDelayMs: 0, limits });
    const { head, asked } = slimnetRequest({ network, way, side });
    return {
      ...{ url: server.url, ...asked, bodies: bodiesOf({ way, pictures, side }, pixels, head) },
      engine: (seconds) =>
        engineRate(model, way === 'jpeg' ? pictures.map((path) => readFileSync(path)) : null, pixels, seconds),
      async stop() {
        await server.stop();
        await model[Symbol.asyncDispose]();
      },
    };
  },
  async loadLabels({ network, checkpoint, threads, precision, frozen, side, mode = 'latency' }) {
    const slimnet = await import('../../dist/index.js');
    const calibration = precision === 'int8' ? { calibration: `${frozen}.calibration.json` } : {};
    const options = { checkpoint, threads, precision, mode, imageSize: side, ...calibration };
    const model = await orUnavailable(slimnet, () => slimnet.loadModel(network, options));
    return {
      together: (jpegs) => model.classify(jpegs),
      single: (jpeg) => model.classify(jpeg),
      input: (jpeg) => model.preprocess([jpeg]),
    };
  },
});
