/** Occlusion (Zeiler and Fergus, 2014): how much less probable a class is when a part of the image is covered. Needs no gradients. */
import type { Model } from '../model/index.js';

/** Images that run at once. */
const batch = 16;

/** What covers, in pixels of the network's input. */
export interface Patch {
  readonly side: number;
  readonly stride: number;
}

/**
 * Covers an image in all places of a grid with its mean colour.
 * @param pixels float32 [1, height, width, 3], preprocessed
 * @param probability of the class in the image as it is
 * @returns for each place how much of the probability is lost, 0 where it grows
 */
export async function occlude(
  model: Model,
  pixels: Float32Array,
  classIndex: number,
  probability: number,
  { side, stride }: Patch,
  signal: AbortSignal | undefined,
): Promise<{ readonly map: Float32Array; readonly height: number; readonly width: number }> {
  const { height, width } = model.preprocessing;
  const mean = meanOf(pixels);
  const rows = Math.max(1, Math.ceil(height / stride));
  const columns = Math.max(1, Math.ceil(width / stride));
  const map = new Float32Array(rows * columns);
  for (let from = 0; from < map.length; from += batch) {
    const places = Array.from({ length: Math.min(batch, map.length - from) }, (_, i) => from + i);
    const covered = places.map((place) => {
      const centreY = (Math.floor(place / columns) + 0.5) * stride;
      const centreX = ((place % columns) + 0.5) * stride;
      return coveredAt(pixels, width, height, mean, centreX - side / 2, centreY - side / 2, side);
    });
    const found = await model.run(covered, { output: 'predictions', ...(signal === undefined ? {} : { signal }) });
    for (const [i, place] of places.entries())
      map[place] = Math.max(0, probability - (found[i * model.numClasses + classIndex] as number));
  }
  return { map, height: rows, width: columns };
}

function meanOf(pixels: Float32Array): readonly [number, number, number] {
  const sums: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < pixels.length; i++) sums[i % 3] = (sums[i % 3] as number) + (pixels[i] as number);
  return sums.map((sum) => (3 * sum) / pixels.length) as [number, number, number];
}

function coveredAt(
  pixels: Float32Array,
  width: number,
  height: number,
  colour: readonly [number, number, number],
  x: number,
  y: number,
  side: number,
): Float32Array {
  const copy = pixels.slice();
  const [left, right] = [Math.max(0, Math.round(x)), Math.min(width, Math.round(x + side))];
  for (let row = Math.max(0, Math.round(y)); row < Math.min(height, Math.round(y + side)); row++)
    for (let column = left; column < right; column++) copy.set(colour, 3 * (row * width + column));
  return copy;
}
