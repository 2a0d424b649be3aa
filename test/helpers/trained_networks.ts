/** The networks that scripts/golden/make_trained.py trained on P10, what TensorFlow answers with them, and their test images. */
import { join } from 'node:path';
import type { Graph, Tensor } from '../../lib/core/graph.js';
import { shapeImage } from '../../lib/data/index.js';
import type { LogitRows } from '../../lib/model/accuracy.js';
import { Session, type SessionOptions } from '../../lib/runtime/index.js';
import { build, type Form, forms, images, withResnetArgScope } from '../parity/support.js';
import { golden } from './golden.js';

export interface TrainedNetwork {
  readonly id: string;
  readonly blocks: readonly {
    readonly scope: string;
    readonly baseDepth: number;
    readonly numUnits: number;
    readonly stride: number;
  }[];
  readonly classes: readonly string[];
  /** The test images: number 0 and on of this seed. */
  readonly test: { readonly seed: number; readonly images: number };
  /** How many of them TensorFlow classifies right, and their share. */
  readonly right: number;
  readonly accuracy: number;
  /** Largest minus smallest logit of all test images. */
  readonly range: number;
  /** TensorFlow's class of each test image, a digit each. */
  readonly predictions: string;
  /** TensorFlow's logits of the first test images. */
  readonly logits: readonly (readonly number[])[];
}

const formOf: Readonly<Record<string, Form>> = { resnet_v1_p10: 'v1', resnet_v2_p10: 'v2' };

export const trainedNetworks = Object.keys(formOf).map((id) => golden<TrainedNetwork>(join('trained', `${id}.json`)));

/** Height and width of an image. */
export const side = 64;

/** An inference graph with the placeholder `images`. */
export function trainedGraph({ id, blocks, classes }: TrainedNetwork): { readonly graph: Graph; readonly net: Tensor } {
  const { resnet, block } = forms[formOf[id] as Form];
  const { graph, value } = build(() =>
    withResnetArgScope(() =>
      resnet(
        images([null, side, side, 3]),
        blocks.map(({ scope, ...size }) => block(scope, size)),
        { numClasses: classes.length, isTraining: false, scope: id },
      ),
    ),
  );
  return { graph, net: value.net };
}

/** A session with the trained weights. The caller disposes it. */
export async function trainedSession(
  network: TrainedNetwork,
  options: SessionOptions,
): Promise<{ readonly session: Session; readonly net: Tensor }> {
  const { graph, net } = trainedGraph(network);
  const session = await Session.create(graph, options);
  try {
    await session.restore(join(__dirname, '..', '..', 'examples', 'p10', `${network.id}.ckpt`));
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
  return { session, net };
}

/** The first `count` images of a seed as the networks take them, in 128ths from the image's mean colour, and the labels. */
export function shapeBatch(seed: number, count: number): { readonly pixels: Float32Array; readonly labels: number[] } {
  const perImage = side * side * 3;
  const pixels = new Float32Array(count * perImage);
  const labels = Array.from({ length: count }, (_, index) => {
    const { data, label } = shapeImage({ seed, index });
    const sums = [0, 0, 0];
    for (let i = 0; i < perImage; i++) sums[i % 3] = (sums[i % 3] as number) + (data[i] as number);
    for (let i = 0; i < perImage; i++) {
      // Exact: the sums are whole and below 2^24, and the divisor is a power of two.
      pixels[index * perImage + i] =
        (side * side * (data[i] as number) - (sums[i % 3] as number)) / (128 * side * side);
    }
    return label;
  });
  return { pixels, labels };
}

/** The logits of the first `count` images in `pixels`, computed a hundred at a time. */
export async function logitsOf(session: Session, net: Tensor, pixels: Float32Array, count: number): Promise<LogitRows> {
  const perImage = side * side * 3;
  const classes = net.shape.at(-1) as number;
  const data = new Float32Array(count * classes);
  for (let start = 0; start < count; start += 100) {
    const end = Math.min(count, start + 100);
    const batch = { shape: [end - start, side, side, 3], data: pixels.subarray(start * perImage, end * perImage) };
    const { logits } = await session.run({ images: batch }, { logits: net });
    data.set(logits.data as Float32Array, start * classes);
  }
  return { shape: [count, classes], data };
}
