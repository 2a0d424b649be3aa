/** Where a variable's values stand in a checkpoint that was not written for it, and in what layout. */
import { type DType, describe } from '../../core/dtype.js';
import { ArgumentError } from '../../errors.js';
import type { TensorInfo } from '../types.js';

/** A tensor, and how it becomes the value of a variable. */
export interface TensorSource {
  readonly tensor: string;
  /**
   * For each dimension of the variable the stored dimension that it is, null for one of size 1 that is not stored: `[2, 3, 1, 0]`
   * makes [height, width, in, out] of [out, in, height, width]. Left out: as stored.
   */
  readonly dimensions?: readonly (number | null)[];
  /** A second tensor, of the variable's shape, that is subtracted from the first; for float32 alone. */
  readonly minus?: string;
}

/** The tensor for a variable's name, given the checkpoint's table of contents; null excludes the variable. */
export type NameMap = (name: string, tensors: ReadonlyMap<string, TensorInfo>) => string | TensorSource | null;

/** What a name map gave for a variable, checked. @throws ArgumentError */
export function checkedSource(
  mapped: unknown,
  { name, dtype }: { readonly name: string; readonly dtype: DType },
): TensorSource | null {
  if (mapped === null) return null;
  if (typeof mapped === 'string') return { tensor: mapped };
  const { tensor, dimensions, minus, ...others } = (typeof mapped === 'object' ? mapped : {}) as Partial<TensorSource>;
  const [other] = Object.keys(others);
  if (typeof tensor !== 'string' || other !== undefined) {
    const received = other === undefined ? describe(mapped) : `an object with the property ${other}`;
    throw new ArgumentError(
      `Expected nameMap to give a tensor's name, null, or { tensor, dimensions, minus } for ${name}, received ${received}.`,
    );
  }
  if (dimensions !== undefined && !isArrangement(dimensions)) {
    throw new ArgumentError(
      `nameMap: dimensions of ${tensor} for ${name}: expected each stored dimension once, and null for new ones.`,
    );
  }
  if (minus !== undefined && typeof minus !== 'string') {
    throw new ArgumentError(`nameMap: minus for ${name}: expected a tensor's name, received ${describe(minus)}.`);
  }
  if (minus !== undefined && dtype !== 'float32') {
    throw new ArgumentError(`nameMap: minus for ${name}: expected a float32 variable, received one of ${dtype}.`);
  }
  return {
    tensor,
    ...(dimensions === undefined ? {} : { dimensions }),
    ...(minus === undefined ? {} : { minus }),
  };
}

function isArrangement(dimensions: unknown): boolean {
  if (!Array.isArray(dimensions)) return false;
  const stored = dimensions.filter((dimension) => dimension !== null).sort((a, b) => a - b);
  return stored.every((dimension, i) => dimension === i);
}

/** The shape of a stored tensor in the order of a variable; as stored where the ranks do not fit. */
export function arrangedShape(stored: readonly number[], dimensions: TensorSource['dimensions']): readonly number[] {
  if (dimensions === undefined || dimensions.filter((dimension) => dimension !== null).length !== stored.length)
    return stored;
  return dimensions.map((dimension) => (dimension === null ? 1 : (stored[dimension] as number)));
}
