/** What a model makes of one picture that is always the same: it tells whether weights and arithmetic are those of another run. */
import { RandomWords } from '../../data/random_words.js';
import { DataError } from '../../errors.js';
import { crc32c } from '../../formats/crc32c.js';
import type { Model } from '../../model/model.js';
import type { ModelOutput } from '../../model/network_graph.js';

const kept = 16;
/** Of the largest value: what other processors, instruction sets and numbers of threads may make of the same weights. */
const tolerance = 0.02;

/** A checksum of all values, and some of them. */
export async function probe(model: Model, output: ModelOutput, signal: AbortSignal): Promise<readonly number[]> {
  const { height, width } = model.preprocessing;
  const words = new RandomWords(0n, 0n);
  const pixels = Float32Array.from({ length: height * width * 3 }, (_, i) => words.below(i, -128, 128) / 64);
  // Before the softmax, which hides what is small.
  const row = await model.run(pixels, { output: output === 'predictions' ? 'logits' : output, signal });
  return [crc32c(new Uint8Array(row.buffer, row.byteOffset, row.byteLength)), ...row.subarray(0, kept)];
}

/**
 * Whether two probes are the same to the bit.
 * @throws DataError where they are not even close: other weights made them
 */
export function sameArithmetic(path: string, was: readonly number[], is: readonly number[]): boolean {
  const [[wasCrc, ...before], [isCrc, ...now]] = [was, is];
  const scale = Math.max(...before.map(Math.abs));
  const isClose =
    before.length === now.length &&
    before.every((value, i) => Math.abs(value - (now[i] as number)) <= tolerance * Math.max(scale, 1e-6));
  if (!isClose)
    throw new DataError('The weights are not those that this batch was begun with: they give other results.', { path });
  return wasCrc === isCrc;
}
