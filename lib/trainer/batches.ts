/** What a training feeds its steps with. */
import { defined } from '../core/options.js';
import {
  type AugmentationPolicy,
  type Batch,
  BatchLoader,
  type DataSet,
  type ImageCache,
  type PreprocessingSpec,
} from '../data/index.js';
import { DataError } from '../errors.js';
import type { Feeds } from '../runtime/index.js';
import { type CheckedOptions, usualEpochs } from './options.js';

/** The placeholders of a batch. @param weights of the classes, where they count differently */
export function feedsOf({ images, labels }: Batch, weights: Float32Array | null): Feeds {
  if (weights === null) return { images, labels };
  return { images, labels, weights: Float32Array.from(labels, (label) => weights[label] as number) };
}

/** The batches of a step; null at the end, where those that are too few for one are left out. */
export async function group(batches: AsyncIterator<Batch>, count: number): Promise<readonly Batch[] | null> {
  const list: Batch[] = [];
  while (list.length < count) {
    const { done, value } = await batches.next();
    if (done === true) return null;
    list.push(value);
  }
  return list;
}
interface LoaderParts {
  readonly options: CheckedOptions;
  readonly preprocessing: PreprocessingSpec;
  readonly augmentation: AugmentationPolicy;
  readonly cache: ImageCache | null;
}

export function loaderOptions({ options: o, preprocessing, augmentation, cache }: LoaderParts) {
  return defined({
    batchSize: o.batchSize,
    preprocessing,
    augmentation,
    order: o.classBalance === 'sampling' ? ('balanced' as const) : ('shuffled' as const),
    seed: o.seed,
    epochs: o.steps === undefined ? (o.epochs ?? usualEpochs) : undefined,
    cache: cache ?? undefined,
    workers: o.imageWorkers,
  });
}
/** The batches of the first step of all. @throws DataError where there are too few images */
export async function firstBatches(parts: LoaderParts & { readonly data: DataSet }): Promise<readonly Batch[]> {
  const batches = (await BatchLoader.create(parts.data, loaderOptions(parts)))[Symbol.asyncIterator]();
  const first = await group(batches, parts.options.gradientAccumulationSteps);
  await batches.return?.();
  if (first === null) throw new DataError('The data gives no whole batch.');
  return first;
}
