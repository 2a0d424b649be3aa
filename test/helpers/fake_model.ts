/** A model that does what a test says: for what a server does around one. */
import type { InferOptions, Model, ModelInput, OutputRows } from '../../lib/model/index.js';

export interface FakeCall {
  readonly images: readonly ModelInput[];
  readonly options: InferOptions;
  /** Answers it. */
  finish(): void;
  fail(error: unknown): void;
}

export interface FakeModel {
  readonly model: Model;
  /** Calls that have come, in order. */
  readonly calls: FakeCall[];
  /** What `refusal` says. */
  refusal: Error | null;
  disposed: boolean;
  /** Waits for the call of a number, from 0 on. */
  called(number: number): Promise<FakeCall>;
}

/** @param value what its outputs are full of */
export function fakeModel(value = 0.5): FakeModel {
  const calls: FakeCall[] = [];
  let wake = () => {};
  const rows = (images: readonly ModelInput[]): OutputRows[] =>
    images.map(() => ({
      logits: new Float32Array(3).fill(value),
      predictions: new Float32Array(3).fill(value),
      features: new Float32Array(4).fill(value),
    }));
  const fake: FakeModel = {
    calls,
    refusal: null,
    disposed: false,
    model: {
      name: 'fake',
      labels: ['a', 'b', 'c'],
      numClasses: 3,
      preprocessing: { height: 2, width: 2 },
      precision: 'float32',
      session: { device: 'cpu' },
      outputs: ['logits', 'predictions', 'features'],
      outputSize: (output: string) => (output === 'features' ? 4 : 3),
      refusal: () => fake.refusal,
      warmup: async () => {},
      batching: { maxBatchSize: 4, maxQueueDelayMs: 0 },
      stats: () => ({
        executors: [{ count: 1, threads: 2, runs: 3 }],
        bytes: { variables: 1 },
        batching: {
          waiting: 2,
          batches: 3,
          imagesByBatchSize: { 1: 1, 4: 8 },
          runMsByBatchSize: { 1: 2, 4: 10 },
          meanPreparationMs: 5,
          meanQueueDelayMs: 7,
        },
      }),
      top: () => [{ index: 1, label: 'b', probability: value }],
      infer: (images: readonly ModelInput[], options: InferOptions) =>
        new Promise((resolve, reject) => {
          options.signal?.addEventListener('abort', () => reject(options.signal?.reason));
          calls.push({ images, options, finish: () => resolve(rows(images)), fail: reject });
          wake();
        }),
      async [Symbol.asyncDispose]() {
        fake.disposed = true;
      },
    } as unknown as Model,
    async called(number) {
      while (calls.length <= number)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      return calls[number] as FakeCall;
    },
  };
  return fake;
}

/** A request that the fake model takes. */
export const fakeRequest = {
  inputs: [{ name: 'images', datatype: 'FP32', shape: [1, 2, 2, 3], data: new Array(12).fill(0) }],
  outputs: [{ name: 'logits' }],
};
