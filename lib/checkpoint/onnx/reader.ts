/** Reader for ONNX files: the tensors under their names in the file, and the graph, which says what they are. */
import { dirname, join } from 'node:path';
import { CheckpointError } from '../../errors.js';
import { type ByteSource, checkRange, openFile, readRange, throwIfAborted } from '../files/byte_source.js';
import { elementCount } from '../shapes.js';
import type { FormatReader, ReadContext, TensorInfo } from '../types.js';
import { type OnnxGraph, type OnnxModel, readModel } from './graph.js';
import { MessageFile } from './message_file.js';
import { decodeNumbers, type OnnxTensor } from './tensor.js';

/** A protocol-buffer message cannot be larger. */
const maxFileBytes = 2 ** 31 - 1;
/** Weights in more files than this are refused. */
const maxFiles = 4096;
/** Tensors of at most so many elements are read with the graph. */
const smallElements = 16;
/** Types of shapes, axes, bounds and switches. */
const smallTypes: Readonly<Record<string, new (buffer: ArrayBuffer) => ArrayLike<number | bigint>>> = {
  ...{ int64: BigInt64Array, int32: Int32Array, float32: Float32Array, float64: Float64Array, bool: Uint8Array },
};

/** True for a file that begins as ONNX files do: ir_version, then producer, domain or graph, in any program's order of writing. */
export async function isOnnx(source: ByteSource): Promise<boolean> {
  if (source.size < 4) return false;
  const start = await readRange(source, 0, 3, 'The start of the file');
  const text = String.fromCharCode(...start);
  return (
    /^\x08[\x02-\x1f][\x12\x1a\x22\x3a\x42]/.test(text) ||
    (/\.onnx$/i.test(source.path) && /^[\x08\x12\x3a\x42]/.test(text))
  );
}

/** Opens an ONNX file, which it closes when asked to. @throws CheckpointError */
export async function openOnnx(source: ByteSource, context: ReadContext): Promise<FormatReader> {
  const { path, size } = source;
  if (size > maxFileBytes)
    throw new CheckpointError(`Expected an ONNX file of at most ${maxFileBytes} bytes, received ${size}.`, { path });
  const model = await readModel(new MessageFile(source, context));
  const files = new Map<string | null, ByteSource>([[null, source]]);
  try {
    for (const { info, values } of model.tensors.values()) {
      if (values.kind !== 'stretch') continue;
      const { file, start, length } = values.stretch;
      if (!files.has(file)) files.set(file, await openBeside(source, file as string, files.size));
      checkRange(files.get(file) as ByteSource, start, length, `The tensor ${info.name}`);
    }
    const reader = new OnnxReader(model, files, context);
    await reader.readSmall();
    return reader;
  } catch (error) {
    for (const opened of files.values()) if (opened !== source) await opened.close().catch(() => undefined);
    throw error;
  }
}

async function openBeside({ path, file }: ByteSource, name: string, opened: number): Promise<ByteSource> {
  if (file === undefined)
    throw new CheckpointError(`The weights are in ${name} beside the model, which is in memory.`, {
      path,
      hint: 'give the path of the model.',
    });
  if (opened > maxFiles) throw new CheckpointError(`The weights are in more than ${maxFiles} files.`, { path });
  return openFile(join(dirname(path), name));
}

class OnnxReader implements FormatReader {
  readonly format = 'onnx';
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly files: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly graph: OnnxGraph;
  readonly #small = new Map<string, readonly number[]>();
  readonly #model: OnnxModel;
  readonly #sources: ReadonlyMap<string | null, ByteSource>;
  readonly #context: ReadContext;

  constructor(model: OnnxModel, sources: ReadonlyMap<string | null, ByteSource>, context: ReadContext) {
    const { metadata, tensors, ...graph } = model;
    this.tensors = new Map([...tensors].map(([name, { info }]) => [name, info]));
    this.files = [...sources.values()].map(({ path }) => path);
    this.metadata = metadata;
    this.graph = { ...graph, small: this.#small };
    this.#model = model;
    this.#sources = sources;
    this.#context = context;
  }

  async readSmall(): Promise<void> {
    for (const [name, info] of this.tensors) {
      const numbers = Object.hasOwn(smallTypes, info.dtype) ? smallTypes[info.dtype] : undefined;
      if (numbers === undefined || (elementCount(info.shape) as number) > smallElements) continue;
      const values = new Uint8Array(info.bytes);
      await this.load(info, () => values);
      this.#small.set(name, Array.from(new numbers(values.buffer), Number));
    }
  }

  async load(info: TensorInfo, allocate: () => Uint8Array): Promise<void> {
    throwIfAborted(this.#context.signal, this.#path);
    const { values } = this.#model.tensors.get(info.name) as OnnxTensor;
    if (values.kind === 'stretch') {
      const source = this.#sources.get(values.stretch.file) as ByteSource;
      await source.readInto(allocate(), values.stretch.start);
      return;
    }
    await decodeNumbers(this.#sources.get(null) as ByteSource, info, values.type, values.fields, allocate());
  }

  get #path(): string {
    return (this.#sources.get(null) as ByteSource).path;
  }

  async loadStrings(info: TensorInfo): Promise<Uint8Array[]> {
    throw new CheckpointError(`The texts of ${info.name} are not read.`, { path: this.#path });
  }

  async close(): Promise<void> {
    for (const source of this.#sources.values()) await source.close();
  }
}
