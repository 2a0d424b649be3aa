/** Slices of partitioned variables: which part of a tensor a stored piece is, and putting the pieces together. */
import { elementCount } from '../shapes.js';

/** Part of one dimension; `length` undefined means the whole dimension. */
export interface Extent {
  readonly start: number;
  readonly length: number | undefined;
}

/** A slice with every extent made explicit. */
export interface Region {
  readonly starts: readonly number[];
  readonly lengths: readonly number[];
}

/** More slices than this in one tensor are refused: comparing them pair by pair would take too long. */
export const maxSlices = 4096;

/** The slice of a tensor that covers all of it. */
export function wholeSlice(rank: number): Extent[] {
  return Array.from({ length: rank }, () => ({ start: 0, length: undefined }));
}

/** The region that a slice names, or a sentence fragment saying why it is none. */
export function resolveSlice(slice: readonly Extent[], shape: readonly number[]): Region | string {
  if (slice.length !== shape.length) return `it has ${slice.length} dimensions, the tensor has ${shape.length}`;
  const lengths: number[] = [];
  for (const [i, { start, length }] of slice.entries()) {
    const dimension = shape[i] as number;
    const resolved = length ?? dimension - start;
    const fine = Number.isSafeInteger(start) && Number.isSafeInteger(resolved) && start >= 0 && resolved >= 0;
    if (!fine || (length === undefined && start !== 0) || start + resolved > dimension) {
      return `dimension ${i} covers ${start} to ${start + resolved} of ${dimension}`;
    }
    lengths.push(resolved);
  }
  return { starts: slice.map((extent) => extent.start), lengths };
}

/** Undefined when the regions cover the tensor exactly once, else a sentence fragment saying what is wrong. */
export function coverProblem(regions: readonly Region[], shape: readonly number[]): string | undefined {
  if (regions.length === 0) return 'there are no slices';
  if (regions.length > maxSlices) return `there are ${regions.length} slices, more than ${maxSlices}`;
  let covered = 0;
  for (const region of regions) covered += elementCount(region.lengths) ?? Number.NaN;
  const wanted = elementCount(shape);
  if (covered !== wanted) return `the slices hold ${covered} of ${wanted} elements`;
  for (let i = 0; i < regions.length; i++) {
    for (let j = 0; j < i; j++) {
      if (overlap(regions[i] as Region, regions[j] as Region)) return `slices ${j} and ${i} overlap`;
    }
  }
  return undefined;
}

function overlap(a: Region, b: Region): boolean {
  for (let i = 0; i < a.starts.length; i++) {
    const from = Math.max(a.starts[i] as number, b.starts[i] as number);
    const to = Math.min(
      (a.starts[i] as number) + (a.lengths[i] as number),
      (b.starts[i] as number) + (b.lengths[i] as number),
    );
    if (to <= from) return false;
  }
  return true;
}

/** Copies the bytes of a region (row-major) to their places in the bytes of the tensor. */
export function scatter(
  target: Uint8Array,
  shape: readonly number[],
  region: Region,
  source: Uint8Array,
  elementBytes: number,
): void {
  if (source.length === 0) return;
  // Trailing dimensions that are covered whole make one run of consecutive bytes with the one before them.
  let axis = shape.length - 1;
  let run = elementBytes;
  let stride = elementBytes;
  while (axis >= 0 && region.lengths[axis] === shape[axis]) {
    run *= shape[axis] as number;
    stride *= shape[axis] as number;
    axis--;
  }
  if (axis >= 0) run *= region.lengths[axis] as number;
  const strides: number[] = [];
  for (let i = axis; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i] as number;
  }
  let base = axis >= 0 ? (region.starts[axis] as number) * (strides[axis] as number) : 0;
  for (let i = 0; i < axis; i++) base += (region.starts[i] as number) * (strides[i] as number);

  const index = new Array<number>(Math.max(axis, 0)).fill(0);
  for (let from = 0; from < source.length; from += run) {
    let to = base;
    for (let i = 0; i < index.length; i++) to += (index[i] as number) * (strides[i] as number);
    target.set(source.subarray(from, from + run), to);
    for (let i = index.length - 1; i >= 0; i--) {
      index[i] = (index[i] as number) + 1;
      if ((index[i] as number) < (region.lengths[i] as number)) break;
      index[i] = 0;
    }
  }
}
