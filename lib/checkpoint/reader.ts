/** Reading tensors of an open checkpoint by name. */
import {
  carrierOf,
  convertNumbers,
  isConvertible,
  isFloat,
  isNumeric,
  type NumericDType,
} from '../core/convert_numbers.js';
import { type DType, describe, isDType, type TypedArray, typedArrayName } from '../core/dtype.js';
import { ArgumentError, advice, CheckpointError, ExecutionError } from '../errors.js';
import { throwIfAborted } from './files/byte_source.js';
import type { OnnxGraph } from './onnx/graph.js';
import { similarNames } from './restore/similar_names.js';
import { formatShape } from './shapes.js';
import type { CheckpointFormat, FormatReader, ReadOptions, StoredRange, TensorData, TensorInfo } from './types.js';

/** An open checkpoint. Values are read when asked for, one tensor at a time. */
export class CheckpointReader {
  readonly format: CheckpointFormat;
  /** What was opened: for a folder its newest checkpoint. */
  readonly path: string;
  /** Paths of the files that are read. */
  readonly files: readonly string[];
  /** Table of contents, in the file's order. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /**
   * The same by the names of the variables. That is another name only in an object-based checkpoint of TensorFlow 2, whose keys are
   * paths through objects; reading takes both.
   */
  readonly variables: ReadonlyMap<string, TensorInfo>;
  /** True for an object-based checkpoint: one of Keras, tf.train.Checkpoint or a SavedModel. */
  readonly isObjectBased: boolean;
  /** Free text of the header, which safetensors and ONNX files have. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The graph of an ONNX file, whose names say nothing of what tensors are; undefined for all others. */
  readonly graph: OnnxGraph | undefined;
  /** What was made of the file, in sentences for people. */
  readonly remarks: readonly string[];
  readonly #inner: FormatReader;
  readonly #maxTensorBytes: number;
  readonly #signal: AbortSignal | undefined;
  readonly #uses = new Set<Promise<unknown>>();
  #closed = false;

  constructor(path: string, inner: FormatReader, options: ReadOptions) {
    this.format = inner.format;
    this.path = path;
    this.files = inner.files;
    this.tensors = inner.tensors;
    this.variables = inner.variables ?? inner.tensors;
    this.isObjectBased = inner.variables !== undefined;
    this.metadata = inner.metadata ?? {};
    this.graph = inner.graph;
    this.remarks = inner.remarks ?? [];
    this.#inner = inner;
    this.#maxTensorBytes = options.maxTensorBytes ?? Number.POSITIVE_INFINITY;
    this.#signal = options.signal;
  }

  /**
   * Reads a tensor of numbers into a new array.
   * @throws CheckpointError when there is none of that name, it is damaged, too large, or of a dtype without numbers.
   */
  async read(name: string): Promise<TensorData> {
    const { info, dtype } = this.#numeric(name);
    if (!isDType(dtype)) {
      throw new CheckpointError(`${name} is of dtype ${dtype}, which files alone have.`, {
        path: this.path,
        hint: 'Use readAs with a wider float.',
      });
    }
    return { dtype, shape: info.shape, data: await this.#load(info, dtype) };
  }

  /**
   * Reads a tensor of numbers as those of another dtype: floats as floats, rounded to the nearest, and integers as integers.
   * @throws CheckpointError as `read` does, and for values that the dtype cannot hold
   */
  async readAs<D extends DType>(name: string, dtype: D): Promise<TensorData<D>> {
    const { info } = this.#numeric(name);
    if (!isConvertible(info.dtype, dtype)) {
      throw new CheckpointError(`${name} is of dtype ${info.dtype}, which cannot be taken as ${dtype}.`, {
        path: this.path,
      });
    }
    const stored = await this.#load(info, info.dtype);
    if (info.dtype === dtype) return { dtype, shape: info.shape, data: stored };
    const data = this.#allocate(info, dtype);
    this.convert(name, stored, dtype, data);
    return { dtype, shape: info.shape, data };
  }

  /**
   * Converts the values of a tensor, as they are stored, into those of a dtype for which `isConvertible` is true.
   * @returns how many values that are not zero became zero
   * @throws CheckpointError for a value that the dtype cannot hold
   */
  convert(name: string, stored: TypedArray, dtype: DType, target: TypedArray): number {
    const { info, dtype: from } = this.#numeric(name);
    const { unfit, vanished } = convertNumbers(from, stored, dtype, target);
    if (unfit < 0) return vanished;
    const value = isFloat(from) && stored.BYTES_PER_ELEMENT <= 2 ? '' : ` ${stored[unfit]}`;
    throw new CheckpointError(
      `${name} ${formatShape(info.shape)} cannot be taken as ${dtype}: the ${from}${value} of element ${unfit} is out of its range.`,
      { path: this.path },
    );
  }

  /**
   * Reads a tensor of numbers into an array of the caller's, of the tensor's dtype and number of elements. Where this
   * throws, the array may hold a part of the values.
   */
  async readInto(name: string, target: TypedArray): Promise<void> {
    const { info, dtype } = this.#numeric(name);
    const isCarrier = ArrayBuffer.isView(target) && typedArrayName(target) === carrierOf(dtype).array.name;
    if (!isCarrier || target.byteLength !== info.bytes) {
      const received = ArrayBuffer.isView(target)
        ? `${describe(target)} of ${target.byteLength} bytes`
        : describe(target);
      throw new ArgumentError(
        `Expected an array for ${name}, ${dtype} ${formatShape(info.shape)}, ${info.bytes} bytes, ` +
          `received ${received}.`,
        { path: this.path },
      );
    }
    await this.#inner.load(info, () => bytesView(target));
  }

  /**
   * Where all bytes of a tensor of numbers stand in a file as they are in memory; undefined where they do not. Whoever reads them
   * there checks them, and does so within `use`.
   * @throws CheckpointError as `read` does, but for damage
   */
  range(name: string): StoredRange | undefined {
    return this.#inner.range?.(this.#numeric(name).info);
  }

  /** Reads a tensor of dtype `string`, row-major, as bytes. @throws CheckpointError */
  async readStrings(name: string): Promise<Uint8Array[]> {
    const info = this.#info(name);
    if (info.dtype !== 'string') {
      throw new CheckpointError(`Expected strings under ${name}, received ${info.dtype}.`, { path: this.path });
    }
    return this.#inner.loadStrings(info);
  }

  /**
   * Does work that reads ranges of the files: they stay open until it has ended, whoever closes the checkpoint meanwhile.
   * @throws ExecutionError (ERR_DISPOSED) when it is closed
   */
  async use<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw this.#closedError('it');
    const working = work();
    this.#uses.add(working);
    try {
      return await working;
    } finally {
      this.#uses.delete(working);
    }
  }

  /** Closes the files. Further reads fail with an ExecutionError (ERR_DISPOSED); closing again does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled(this.#uses);
    await this.#inner.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #info(name: string): TensorInfo {
    if (this.#closed) throw this.#closedError(name);
    throwIfAborted(this.#signal, this.path);
    const info = this.tensors.get(name) ?? this.variables.get(name);
    if (info === undefined) {
      const near = similarNames(name, this.variables.keys());
      throw new CheckpointError(`Key ${name} not found in checkpoint, which has ${this.tensors.size} tensors.`, {
        path: this.path,
        ...(near.length === 0 ? {} : { hint: `Similar names: ${near.join(', ')}.` }),
      });
    }
    if (info.bytes > this.#maxTensorBytes) {
      throw new CheckpointError(`${name} takes ${info.bytes} bytes, more than the limit of ${this.#maxTensorBytes}.`, {
        path: this.path,
        hint: advice`raise ${'maxTensorBytes'}.`,
      });
    }
    return info;
  }

  #closedError(what: string): ExecutionError {
    return new ExecutionError(`${what} cannot be read: the checkpoint was closed.`, {
      code: 'ERR_DISPOSED',
      path: this.path,
    });
  }

  #numeric(name: string): { info: TensorInfo; dtype: NumericDType } {
    const info = this.#info(name);
    if (isNumeric(info.dtype)) return { info, dtype: info.dtype };
    throw new CheckpointError(`${name} is of dtype ${info.dtype}, which cannot be read as numbers.`, {
      path: this.path,
      ...(info.dtype === 'string' ? { hint: 'Use readStrings.' } : {}),
    });
  }

  async #load(info: TensorInfo, dtype: NumericDType): Promise<TypedArray> {
    let data: TypedArray = new (carrierOf(dtype).array)(0);
    await this.#inner.load(info, () => {
      data = this.#allocate(info, dtype);
      return bytesView(data);
    });
    return data;
  }

  #allocate(info: TensorInfo, dtype: NumericDType): TypedArray {
    try {
      return new (carrierOf(dtype).array)(info.shape.reduce((count, dimension) => count * dimension, 1));
    } catch (cause) {
      throw new CheckpointError(`${info.bytes} bytes of memory for ${info.name} could not be allocated.`, {
        code: 'ERR_MEMORY',
        path: this.path,
        cause,
      });
    }
  }
}

function bytesView(array: TypedArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
