import { bytesOf, dtypes, type TypedArray } from '../../core/dtype.js';
import type { CheckpointReader } from '../reader.js';
import { elementCount } from '../shapes.js';
import { arrange } from './arrange.js';
import type { Assignment, RestoreVariable } from './match_variables.js';

/**
 * The values for variables, read one variable at a time into buffers that serve for all of them: an array each would pile up as
 * garbage, as large as the checkpoint.
 */
export class AssignedValues {
  readonly #reader: CheckpointReader;
  /** As large as the largest variable, and as the largest of those that are not taken as they are stored. */
  readonly #values: ArrayBuffer;
  readonly #stored: ArrayBuffer;

  constructor(reader: CheckpointReader, assignments: readonly Assignment[]) {
    const largest = (some: readonly Assignment[]): number =>
      some.reduce((most, { variable }) => Math.max(most, byteLength(variable)), 0);
    this.#reader = reader;
    this.#values = new ArrayBuffer(largest(assignments));
    this.#stored = new ArrayBuffer(
      largest(assignments.filter((a) => a.dimensions !== undefined || a.minus !== undefined)),
    );
  }

  /**
   * A variable's values in its own layout, valid until the next call.
   * @throws CheckpointError when a tensor is damaged
   */
  async read({ variable, tensor, dimensions, minus }: Assignment): Promise<TypedArray> {
    const values = arrayIn(this.#values, variable);
    if (dimensions === undefined) {
      await this.#reader.readInto(tensor, values);
    } else {
      const stored = arrayIn(this.#stored, variable);
      await this.#reader.readInto(tensor, stored);
      const { shape } = this.#reader.tensors.get(tensor) as { readonly shape: readonly number[] };
      const order = dimensions.filter((dimension) => dimension !== null);
      arrange(stored, shape, order, values);
    }
    if (minus !== undefined) {
      const less = arrayIn(this.#stored, variable) as Float32Array;
      await this.#reader.readInto(minus, less);
      less.forEach((value, i) => {
        (values as Float32Array)[i] = ((values as Float32Array)[i] as number) - value;
      });
    }
    return values;
  }
}

function byteLength({ dtype, shape }: RestoreVariable): number {
  return (elementCount(shape) as number) * bytesOf(dtype);
}

function arrayIn(buffer: ArrayBuffer, { dtype, shape }: RestoreVariable): TypedArray {
  return new dtypes[dtype].array(buffer, 0, elementCount(shape) as number);
}
