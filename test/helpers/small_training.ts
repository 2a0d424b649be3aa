/** A training that takes seconds: a small network that learns colours. */
import {
  augmentations,
  type DataSet,
  nets,
  type OwnNetwork,
  optimizers,
  slim,
  Trainer,
  type TrainerOptions,
} from '../../lib/index.js';
import { hash } from './generator.js';

/** The device of trainings in tests. test/devices runs them once more on another one. */
export const trainingDevice = process.env.SLIMNET_TRAINING_DEVICE ?? 'cpu';

const side = 8;
export const colours = ['red', 'green', 'blue'];

/** Convolutions with batch normalization, and logits, for images of 8 x 8 pixels. */
export const smallNetwork: OwnNetwork = {
  name: 'small',
  imageSize: side,
  preprocessing: 'caffe',
  build: (images, { numClasses, isTraining }) =>
    slim.argScope(nets.resnetArgScope({ weightDecay: 1e-4, batchNormDecay: 0.8 }), () =>
      nets.resnetV1(images, [nets.resnetV1BasicBlock('block1', { baseDepth: 8, numUnits: 1, stride: 1 })], {
        numClasses: numClasses ?? null,
        isTraining: isTraining ?? false,
        includeRootBlock: false,
        scope: 'small',
      }),
    ),
};

/** Noisy pictures; of three classes in each of which another colour is strong, or with labels that mean nothing. */
export function colourData(length: number, { seed = 1, randomLabels = false } = {}): DataSet {
  const labelOf = (index: number) => (randomLabels ? Math.floor(3 * hash(seed + 1000, index)) : index % colours.length);
  return {
    length,
    classes: colours,
    get(index) {
      const label = labelOf(index);
      const data = Uint8Array.from({ length: 3 * side * side }, (_, i) => {
        const strong = !randomLabels && i % 3 === label ? 60 : 0;
        return Math.floor(150 * hash(seed * 7919 + index, i)) + strong;
      });
      return { image: { data, width: side, height: side, channels: 3 }, label, name: `picture ${index}` };
    },
    labels: () => Int32Array.from({ length }, (_, i) => labelOf(i)),
  };
}

/** Training and validation pictures. */
export function splitColourData(): DataSet {
  return { ...colourData(24), validation: colourData(12, { seed: 2 }) };
}

/** A trainer of the small network: two epochs of six batches, unless told. */
export function smallTrainer(options: Partial<TrainerOptions> = {}): Promise<Trainer> {
  const length = options.steps === undefined && options.epochs === undefined ? { epochs: 2 } : {};
  return Trainer.create(smallNetwork, {
    data: splitColourData(),
    batchSize: 4,
    device: trainingDevice,
    threads: 1,
    optimizer: optimizers.momentum(0.01, 0.9),
    augmentation: augmentations.plain({ area: [0.7, 1] }),
    seed: 3,
    ...length,
    ...options,
  });
}

/** The bytes of all variables that checkpoints hold, by name. */
export function variablesOf({ session }: Trainer): Record<string, string> {
  const all = [...session.graph.variables.values()].filter(({ saved }) => saved !== false);
  return Object.fromEntries(
    all.map(({ name }) => {
      const { buffer, byteOffset, byteLength } = session.read(name);
      return [name, Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('base64')];
    }),
  );
}
