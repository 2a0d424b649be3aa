import { carrierOf, type NumericDType } from '../../core/convert_numbers.js';
import type { DType, TypedArray } from '../../core/dtype.js';
import type { CheckpointReader } from '../reader.js';
import { elementCount } from '../shapes.js';
import type { TensorInfo } from '../types.js';
import { arrange } from './arrange.js';
import type { Assignment } from './match_variables.js';

/**
 * The values for variables, read one variable at a time into buffers that serve for all of them: an array each would pile up as
 * garbage, as large as the checkpoint.
 */
export class AssignedValues {
  readonly #reader: CheckpointReader;
  readonly #largest: number;
  /** What a variable gets, what is stored for it, and what of that is arranged but not yet converted. */
  readonly #buffers: Partial<Record<'values' | 'stored' | 'arranged', ArrayBuffer>> = {};

  constructor(reader: CheckpointReader, assignments: readonly Assignment[]) {
    this.#reader = reader;
    this.#largest = assignments.reduce(
      (most, { variable }) => Math.max(most, elementCount(variable.shape) as number),
      0,
    );
  }

  /**
   * A variable's values in its own layout and dtype, valid until the next call.
   * @throws CheckpointError when a tensor is damaged, or has a value that the variable's dtype cannot hold
   */
  async read({ variable, tensor, dimensions, minus }: Assignment): Promise<TypedArray> {
    const count = elementCount(variable.shape) as number;
    const values = this.#array('values', variable.dtype, count);
    await this.#readInto(values, { tensor, dimensions }, variable.dtype);
    if (minus !== undefined) {
      const less = new Float32Array(count);
      await this.#readInto(less, { tensor: minus, dimensions: undefined }, variable.dtype);
      const from = values as Float32Array;
      for (let i = 0; i < count; i++) from[i] = (from[i] as number) - (less[i] as number);
    }
    return values;
  }

  async #readInto(
    values: TypedArray,
    { tensor, dimensions }: Pick<Assignment, 'tensor'> & { readonly dimensions: Assignment['dimensions'] },
    dtype: DType,
  ): Promise<void> {
    const { shape, dtype: storedDType } = this.#reader.tensors.get(tensor) as TensorInfo & { dtype: NumericDType };
    const isConverted = storedDType !== dtype;
    if (dimensions === undefined && !isConverted) return this.#reader.readInto(tensor, values);
    const stored = this.#array('stored', storedDType, values.length);
    await this.#reader.readInto(tensor, stored);
    let arranged = stored;
    if (dimensions !== undefined) {
      arranged = isConverted ? this.#array('arranged', storedDType, values.length) : values;
      const order = dimensions.filter((dimension) => dimension !== null);
      arrange(stored, shape, order, arranged);
    }
    if (isConverted) this.#reader.convert(tensor, arranged, dtype, values);
  }

  /** As large as the largest variable needs, in elements of the widest type that has come so far. */
  #array(name: 'values' | 'stored' | 'arranged', dtype: NumericDType, length: number): TypedArray {
    const { array, bytes } = carrierOf(dtype);
    let buffer = this.#buffers[name];
    if (buffer === undefined || buffer.byteLength < length * bytes) {
      buffer = new ArrayBuffer(this.#largest * bytes);
      this.#buffers[name] = buffer;
    }
    return new array(buffer, 0, length);
  }
}
