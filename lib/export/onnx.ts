/** ONNX files of inference graphs. */
import { basename, resolve } from 'node:path';
import { writeAtomically } from '../checkpoint/index.js';
import { describe } from '../core/dtype.js';
import { Graph, Tensor } from '../core/graph.js';
import { checkOneOf, checkSignal, type Defaults, withDefaults } from '../core/options.js';
import { ArgumentError } from '../errors.js';
import { OnnxExporter, type OnnxRequest, requestDefaults } from './onnx_exporter.js';
import {
  type ExternalPlace,
  encodeModel,
  type OnnxModel,
  type OnnxTensor,
  type Piece,
  sizeOf,
} from './onnx_messages.js';

export type { OnnxRequest } from './onnx_exporter.js';

/** How to write a file. */
export interface WriteOnnxOptions {
  /**
   * Puts the weights into a file of their own beside the model, `<path>.data`. Left out: only where they would not fit into one
   * file, which ends at 2 GiB.
   */
  readonly externalData?: boolean;
  /** Aborts with an ExecutionError, code ERR_ABORTED; nothing is left behind. */
  readonly signal?: AbortSignal;
}

const writeDefaults = { externalData: undefined, signal: undefined } satisfies Defaults<WriteOnnxOptions>;

/** What was written. */
export interface WriteOnnxResult {
  readonly files: readonly string[];
  readonly bytes: number;
}

/** A protocol-buffer message cannot be larger. */
const maxMessageBytes = 2 ** 31 - 1;
/** Tensors of fewer bytes stay in the model file, where tools look for shapes and axes. */
const leastExternalBytes = 1024;
/** Large tensors begin at a multiple of this, so that a reader can map them into memory. */
const alignment = 4096;

/**
 * The part of a graph that `fetches` need as the bytes of an ONNX file (opset 17). Placeholders and fetches keep their names; an open
 * first dimension stays open, under the name `N`. Batch normalizations stay nodes of their own, with the variables' values.
 * @throws ArgumentError for ops that an inference graph does not have, for unknown sizes, and for more than 2 GiB
 */
export async function exportOnnx(request: OnnxRequest): Promise<Uint8Array> {
  const pieces = encodeModel(modelOf(request), new Map());
  const bytes = sizeOf(pieces);
  if (bytes > maxMessageBytes) {
    throw new ArgumentError(
      `exportOnnx: the model takes ${bytes} bytes; an ONNX file has at most ${maxMessageBytes}.`,
      {
        hint: 'use writeOnnx, which puts the weights into a file of their own.',
      },
    );
  }
  const file = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    const part = await bytesOfPiece(piece);
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/**
 * Writes what `exportOnnx` gives to a file, atomically, with one tensor at a time in memory.
 * @throws ArgumentError as exportOnnx does; CheckpointError when the system refuses
 */
export async function writeOnnx(
  path: string,
  request: OnnxRequest,
  options: WriteOnnxOptions = {},
): Promise<WriteOnnxResult> {
  const { externalData, signal } = withDefaults('writeOnnx', options, writeDefaults);
  checkSignal('writeOnnx', signal);
  if (typeof path !== 'string' || path === '' || path.includes('\0') || /(^|[/\\])\.{0,2}$/.test(path))
    throw new ArgumentError(`writeOnnx: expected the path of a file to write, received ${describe(path)}.`);
  const model = modelOf(request);
  const target = resolve(path);
  const dataFile = `${target}.data`;
  const wanted = externalData ?? sizeOf(encodeModel(model, new Map())) > maxMessageBytes;
  const external = wanted ? placeOutside(model, basename(dataFile)) : new Map<OnnxTensor, ExternalPlace>();
  const pieces = encodeModel(model, external);
  const files = external.size === 0 ? [target] : [dataFile, target];
  return writeAtomically(
    files,
    async (sinks) => {
      const [modelSink, dataSink] = [...sinks].reverse();
      for (const [tensor, { offset }] of external) {
        const gap = offset - (dataSink?.bytes ?? 0);
        await dataSink?.write([new Uint8Array(gap), await tensor.load()]);
      }
      for (const piece of pieces) await modelSink?.write([await bytesOfPiece(piece)]);
      return { files, bytes: sinks.reduce((sum, sink) => sum + sink.bytes, 0) };
    },
    signal,
  );
}

function modelOf(request: OnnxRequest): OnnxModel {
  const complete = withDefaults('exportOnnx', request, requestDefaults);
  const { graph, fetches, read, layout, metadata } = complete;
  if (!(graph instanceof Graph)) throw new ArgumentError(`exportOnnx: expected a Graph, received ${describe(graph)}.`);
  if (typeof fetches !== 'object' || fetches === null || Object.keys(fetches).length === 0)
    throw new ArgumentError(`exportOnnx: fetches: expected tensors by name, received ${describe(fetches)}.`);
  for (const [name, tensor] of Object.entries(fetches)) {
    if (name === '' || !(tensor instanceof Tensor))
      throw new ArgumentError(
        `exportOnnx: fetches: ${name}: expected a Tensor with a name, received ${describe(tensor)}.`,
      );
  }
  if (typeof read !== 'function')
    throw new ArgumentError(`exportOnnx: read: expected a function, received ${describe(read)}.`);
  checkOneOf('exportOnnx', 'layout', layout, ['nchw', 'unchanged']);
  const wrong = Object.entries(metadata).find(([, value]) => typeof value !== 'string');
  if (wrong !== undefined)
    throw new ArgumentError(`exportOnnx: metadata: ${wrong[0]}: expected text, received ${describe(wrong[1])}.`);
  return new OnnxExporter(complete).run();
}

/** Places for the large tensors, in their order, in one file beside the model. */
function placeOutside(model: OnnxModel, file: string): Map<OnnxTensor, ExternalPlace> {
  const places = new Map<OnnxTensor, ExternalPlace>();
  let end = 0;
  for (const tensor of model.initializers) {
    if (tensor.bytes < leastExternalBytes) continue;
    const offset = Math.ceil(end / alignment) * alignment;
    places.set(tensor, { file, offset });
    end = offset + tensor.bytes;
  }
  return places;
}

function bytesOfPiece(piece: Piece): Uint8Array | Promise<Uint8Array> {
  return ArrayBuffer.isView(piece) ? piece : piece.load();
}
