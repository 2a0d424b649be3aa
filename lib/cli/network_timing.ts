/** What batches of a network take here. */
import { defined } from '../core/options.js';
import { type LoadModelOptions, loadModel } from '../model/load_model.js';
import type { Model } from '../model/model.js';
import type { NetworkName } from '../slim/nets/registry.js';
import { type EngineFlags, engineOptions } from './model_options.js';

export interface TimingFlags extends EngineFlags {
  readonly model: NetworkName;
  readonly size?: number;
}

export interface BatchTiming {
  readonly batch: number;
  readonly imagesPerSecond: number;
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
}

/** Runs of each batch size that are not counted. */
export const warmUps = 2;

/** Wall-clock milliseconds of batches, from pixels in memory to logits. */
export async function timeBatches(
  model: Model,
  batches: readonly number[],
  iterations: number,
  signal: AbortSignal,
): Promise<BatchTiming[]> {
  const { height, width } = model.preprocessing;
  const one = await model.preprocess([
    { data: new Uint8Array(height * width * 3).fill(127), height, width, channels: 3 },
  ]);
  const timings: BatchTiming[] = [];
  for (const batch of batches) {
    const pixels = new Float32Array(batch * one.length);
    for (let i = 0; i < batch; i++) pixels.set(one, i * one.length);
    const times = await measure(iterations, () => model.run(pixels, { signal }));
    const medianMs = times[times.length >> 1] as number;
    const [minMs, maxMs] = [times[0] as number, times[times.length - 1] as number];
    timings.push({ batch, imagesPerSecond: (batch * 1000) / medianMs, medianMs, minMs, maxMs });
  }
  return timings;
}

/** A model with fresh weights; for int8, its ranges are found with noise. */
export async function untrainedModel(flags: TimingFlags): Promise<Model> {
  const load = (more: Partial<LoadModelOptions>) =>
    loadModel(flags.model, {
      ...engineOptions(flags),
      ...defined({ imageSize: flags.size }),
      untrainedSeed: 1,
      ...more,
    });
  if (flags.precision !== 'int8') return load({});
  await using wide = await load({ precision: 'float32' });
  const { height, width } = wide.preprocessing;
  const data = Uint8Array.from({ length: height * width * 3 }, (_, i) => (Math.imul(i + 1, 0x9e3779b1) >>> 24) & 255);
  const calibration = await wide.calibrate([{ data, height, width, channels: 3 }], { method: 'minmax' });
  return load({ calibration });
}

/** Wall-clock milliseconds of each run, ascending, after runs that are not counted. */
async function measure(iterations: number, run: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let i = -warmUps; i < iterations; i++) {
    const start = performance.now();
    await run();
    if (i >= 0) times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b);
}
