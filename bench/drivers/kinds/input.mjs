// What a subject makes of a picture before the network sees it: whether all of them compute the same.
import { pictures } from './pictures.mjs';

/** Squares a side of which the means are compared. */
const grid = 8;

/**
 * Mean of each square of an image, channel by channel.
 * @param pixels one image of three channels, in the memory order `order`: nhwc or nchw
 * @returns `{ side, means }`, the mean of square [y, x] and channel c at (y * 8 + x) * 3 + c
 */
export function meansOf(pixels, order) {
  const side = Math.sqrt(pixels.length / 3);
  const means = new Array(grid * grid * 3).fill(0);
  const counts = new Array(grid * grid * 3).fill(0);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const square = Math.floor((y * grid) / side) * grid + Math.floor((x * grid) / side);
      for (let c = 0; c < 3; c++) {
        means[3 * square + c] += pixels[order === 'nhwc' ? (y * side + x) * 3 + c : (c * side + y) * side + x];
        counts[3 * square + c]++;
      }
    }
  }
  return { side, means: means.map((sum, i) => sum / counts[i]) };
}

/** The means of the first picture. */
export async function input(subject, task) {
  const { input } = await subject.loadLabels(task);
  return meansOf(await input(pictures(task)[0]), subject.order);
}
