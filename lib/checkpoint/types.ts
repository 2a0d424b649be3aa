/** What the readers and writers of all checkpoint formats have in common. */
import type { NumericDType } from '../core/convert_numbers.js';
import type { DType, TypedArray } from '../core/dtype.js';
import type { CheckpointError } from '../errors.js';
import type { Crc32c } from '../formats/crc32c.js';
import type { ByteSource } from './files/byte_source.js';
import type { OnnxGraph } from './onnx/graph.js';

/**
 * Formats that are written. `tensorflow_v1`: one table file a shard. `tensorflow_v2`: an index table and data shards. `safetensors`:
 * one file.
 */
export type WritableFormat = 'tensorflow_v1' | 'tensorflow_v2' | 'safetensors';

/** Formats that are read: those, `pytorch`, the files of `torch.save`, `keras`, HDF5 files and .keras, and `onnx`. */
export type CheckpointFormat = WritableFormat | 'pytorch' | 'keras' | 'onnx';

/** Element types that a file may list but that cannot be read as numbers. */
export const opaqueDTypes = [
  'complex64',
  'complex128',
  'qint8',
  'quint8',
  'qint16',
  'quint16',
  'qint32',
  'resource',
  'variant',
  'unknown',
] as const;

/** An element type as a file declares it: one of numbers, `string`, or one that is listed but not read. */
export type StoredDType = NumericDType | 'string' | (typeof opaqueDTypes)[number];

/** One line of a checkpoint's table of contents. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: StoredDType;
  readonly shape: readonly number[];
  /** Bytes of the values in memory; for strings and opaque types the bytes stored, or 0 where the file does not say. */
  readonly bytes: number;
}

/** Values of one tensor, row-major; `data` is what `dtypes[dtype].array` names (16-bit floats as bit patterns). */
export interface TensorData<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** How to open and read. */
export interface ReadOptions {
  /** A faster CRC-32C than the built-in one. */
  crc32c?: Crc32c;
  /** Tensors of more bytes than this are refused. Default: no limit but the size of the file. */
  maxTensorBytes?: number;
  /** Aborts opening and all later reads with an ExecutionError, code ERR_ABORTED. */
  signal?: AbortSignal;
}

/** What a format's reader gets from `openCheckpoint`. */
export interface ReadContext {
  readonly crc32c: Crc32c;
  readonly signal: AbortSignal | undefined;
}

/** Where all values of a tensor stand in one file, as they are in memory. */
export interface StoredRange {
  readonly source: ByteSource;
  readonly offset: number;
  /** CRC-32C of the bytes, where the format has one, and what is said when they have another. */
  readonly checksum?: { readonly value: number; damaged(computed: number): CheckpointError };
}

/** A format's reader: the table of contents and one tensor at a time. Bounds and checksums are its business. */
export interface FormatReader {
  readonly format: CheckpointFormat;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** The tensors by the names of their variables, where the keys are paths through objects. */
  readonly variables?: ReadonlyMap<string, TensorInfo>;
  /** Paths of the files that are open. */
  readonly files: readonly string[];
  /** Free text of the header, where the format has such. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The graph that computes with the tensors, where the format has one. */
  readonly graph?: OnnxGraph;
  /** What the reader made of the file, in sentences for people. */
  readonly remarks?: readonly string[];
  /**
   * Reads a numeric tensor. `allocate` is called once, after everything that the file claims about the size was checked
   * against what the file holds, and gives `info.bytes` bytes to fill with little-endian values.
   */
  load(info: TensorInfo, allocate: () => Uint8Array): Promise<void>;
  /** Where a numeric tensor can be read as it is; undefined where it is compressed, in pieces or in another order of bytes. */
  range?(info: TensorInfo): StoredRange | undefined;
  /** Reads a tensor of dtype `string`, row-major. */
  loadStrings(info: TensorInfo): Promise<Uint8Array[]>;
  close(): Promise<void>;
}
