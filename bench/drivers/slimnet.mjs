// slimnet: the session, or the model, that a library user makes from a TensorFlow checkpoint.
import { readFileSync } from 'node:fs';
import { buildNetwork } from '../network.mjs';
import { packedFolder } from '../packed_folder.mjs';
import { buildTrainingStep } from '../training_step.mjs';
import { calibrationOf } from './calibration_file.mjs';
import { answer, Unavailable } from './common.mjs';

/** What the library says it cannot do is its answer. */
async function orUnavailable({ BackendError, ArgumentError }, make) {
  try {
    return await make();
  } catch (error) {
    if (error instanceof BackendError || error instanceof ArgumentError) throw new Unavailable(error.message);
    throw error;
  }
}

await answer({
  version: () => JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version,
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
