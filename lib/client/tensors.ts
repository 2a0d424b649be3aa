/** What is in the tensors of an answer. */
import { ArgumentError } from '../errors.js';
import type { OutputTensor } from './types.js';

/**
 * The rows of an output [images, values]: one for each image.
 * @throws ArgumentError for tensors of other types than FP32
 */
export function rowsOf(tensor: OutputTensor | undefined): Float32Array[] {
  if (tensor?.datatype !== 'FP32')
    throw new ArgumentError(`rowsOf: expected an output of FP32, received ${tensor?.datatype ?? 'none'}.`);
  const [count = 0] = tensor.shape;
  const data = tensor.data as Float32Array;
  const width = count === 0 ? 0 : data.length / count;
  return Array.from({ length: count }, (_, i) => data.subarray(i * width, (i + 1) * width));
}

export interface ClassValue {
  readonly index: number;
  readonly label?: string;
  readonly value: number;
}

/**
 * The classes of each image, largest value first, of an output that was asked for with `classification`.
 * @throws ArgumentError for other outputs
 */
export function classesOf(tensor: OutputTensor | undefined): ClassValue[][] {
  const all = tensor?.datatype === 'BYTES' ? tensor.data.map(classOf) : [null];
  const classes = all.filter((one) => one !== null);
  if (tensor === undefined || classes.length < all.length)
    throw new ArgumentError('classesOf: expected an output that was asked for with classification.');
  const [count = 0, width = classes.length] = tensor.shape.length === 1 ? [1] : tensor.shape;
  return Array.from({ length: count }, (_, i) => classes.slice(i * width, (i + 1) * width));
}

/** `value:index:label`; a label may have colons. */
function classOf(bytes: Uint8Array): ClassValue | null {
  const [, value, index, label] = /^([^:]+):(\d+)(?::(.*))?$/s.exec(new TextDecoder().decode(bytes)) ?? [];
  if (index === undefined || Number.isNaN(Number(value))) return null;
  return { index: Number(index), ...(label === undefined ? {} : { label }), value: Number(value) };
}
