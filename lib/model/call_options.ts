/** What the methods of a model take besides images, checked, and how hints name it. */
import { describe } from '../core/dtype.js';
import { checkSignal, type Defaults, type WithDefaults, withDefaults } from '../core/options.js';
import { ArgumentError, spelledInCode } from '../errors.js';
import { checkPriority, checkTimeout } from './batching.js';
import type {
  AbortOptions,
  ClassifyOptions,
  InferOptions,
  PredictOptions,
  StreamOptions,
  WarmupModelOptions,
} from './model_types.js';

export const predictDefaults = {
  signal: undefined,
  timeoutMs: undefined,
  priority: undefined,
} satisfies Defaults<PredictOptions>;
export const classifyDefaults = { topK: undefined, ...predictDefaults } satisfies Defaults<ClassifyOptions>;
export const inferDefaults = {
  outputs: undefined,
  borrowed: false,
  ...predictDefaults,
} satisfies Defaults<InferOptions>;
export const streamDefaults = { signal: undefined, onFailure: undefined } satisfies Defaults<StreamOptions>;
export const warmupDefaults = {
  batchSizes: undefined,
  outputs: undefined,
  signal: undefined,
} satisfies Defaults<WarmupModelOptions>;

/** How hints name options to those who call a model: most are options of `loadModel`. */
export const modelSpelling = spelledInCode({
  timeoutMs: 'timeoutMs',
  'batching.queueLimit': 'batching.queueLimit of loadModel',
  maxPixels: 'decode.maxPixels of loadModel',
  timeoutSeconds: 'decode.timeoutSeconds of loadModel',
});

/** Options of a method, complete. @throws ArgumentError */
export function checked<T extends AbortOptions, D extends Defaults<T>>(
  method: string,
  options: T,
  defaults: D,
): WithDefaults<T, D> {
  const complete = withDefaults(method, options, defaults);
  const { signal, timeoutMs, priority } = complete as PredictOptions;
  checkSignal(method, signal);
  checkTimeout(method, timeoutMs);
  checkPriority(method, priority);
  return complete;
}

/** What an option names out of all that there is. @throws ArgumentError */
export function chosen<T>(name: string, wanted: readonly T[] | undefined, all: readonly T[]): readonly T[] {
  if (wanted === undefined) return all;
  if (!Array.isArray(wanted) || wanted.length === 0 || !wanted.every((value) => all.includes(value)))
    throw new ArgumentError(`${name}: expected some of ${all.join(', ')}, received ${describe(wanted)}.`);
  return [...new Set(wanted as readonly T[])];
}

/** @throws ArgumentError for a single image, or what else `stream` cannot go through */
export function checkIterable(sources: unknown): void {
  const wrong = typeof sources !== 'object' || sources === null || ArrayBuffer.isView(sources);
  if (wrong || !(Symbol.iterator in sources || Symbol.asyncIterator in sources))
    throw new ArgumentError(`stream: expected a list or an iterable of images, received ${describe(sources)}.`, {
      hint: 'one image is [image].',
    });
}
