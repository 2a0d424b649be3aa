import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { DType } from '../core/dtype.js';

/** Element types of ONNX tensors (onnx.proto, TensorProto.DataType). */
export const onnxTypes: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
};

export type OnnxAttribute = number | readonly number[] | { readonly float: number };
export type OnnxAttributes = Readonly<Record<string, OnnxAttribute>>;

export interface OnnxNode {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: OnnxAttributes;
}

/** Bytes that are fetched when their turn comes, so that only one tensor needs to be in memory. */
export interface LaterBytes {
  readonly bytes: number;
  load(): Promise<Uint8Array>;
}

/** A tensor with values: little-endian, row-major. */
export interface OnnxTensor extends LaterBytes {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** Where a tensor's values stand when they are not in the model file. */
export interface ExternalPlace {
  /** Name of the file beside the model. */
  readonly file: string;
  readonly offset: number;
}

export interface OnnxValue {
  readonly name: string;
  readonly dtype: DType;
  /** Text is a dimension by name, such as the batch; null is one of which nothing is known. */
  readonly shape: readonly (number | string | null)[];
}

export interface OnnxModel {
  readonly opset: number;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** A stretch of the file. */
export type Piece = Uint8Array | LaterBytes;

// Field numbers and wire types are those of onnx.proto (https://github.com/onnx/onnx).
const wire = { varint: 0, bytes: 2, fixed32: 5 } as const;
const irVersion = 8;
const attributeTypes = { float: 1, int: 2, ints: 7 } as const;
const externalLocation = 1;

/** The bytes of an ONNX model file, in order. Tensors that have a place in `external` are not among them. */
export function encodeModel(model: OnnxModel, external: ReadonlyMap<OnnxTensor, ExternalPlace>): Piece[] {
  const head = new BinaryWriter();
  head.tag(1, wire.varint).int64(irVersion);
  head.tag(2, wire.bytes).string('slimnet');
  const tail = new BinaryWriter();
  message(tail, 8, (opset) => opset.tag(2, wire.varint).int64(model.opset));
  for (const [key, value] of Object.entries(model.metadata))
    message(tail, 14, (entry) => writeEntry(entry, key, value));
  return [head.finish(), ...nested(7, graphPieces(model, external)), tail.finish()];
}

/** Bytes that pieces have together. */
export function sizeOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + (ArrayBuffer.isView(piece) ? piece.length : piece.bytes), 0);
}

function graphPieces(model: OnnxModel, external: ReadonlyMap<OnnxTensor, ExternalPlace>): Piece[] {
  const nodes = new BinaryWriter();
  for (const node of model.nodes) message(nodes, 1, (n) => writeNode(n, node));
  nodes.tag(2, wire.bytes).string('slimnet');
  const values = new BinaryWriter();
  for (const value of model.inputs) message(values, 11, (v) => writeValue(v, value));
  for (const value of model.outputs) message(values, 12, (v) => writeValue(v, value));
  const tensors = model.initializers.flatMap((tensor) => nested(5, tensorPieces(tensor, external.get(tensor))));
  return [nodes.finish(), ...tensors, values.finish()];
}

/** Pieces as the content of a field. */
function nested(field: number, pieces: readonly Piece[]): Piece[] {
  return [new BinaryWriter().tag(field, wire.bytes).uint64(sizeOf(pieces)).finish(), ...pieces];
}

function message(w: BinaryWriter, field: number, write: (w: BinaryWriter) => void): void {
  w.tag(field, wire.bytes).fork();
  write(w);
  w.join();
}

/** StringStringEntryProto. */
function writeEntry(w: BinaryWriter, key: string, value: string): void {
  w.tag(1, wire.bytes).string(key);
  w.tag(2, wire.bytes).string(value);
}

function writeNode(w: BinaryWriter, node: OnnxNode): void {
  for (const input of node.inputs) w.tag(1, wire.bytes).string(input);
  for (const output of node.outputs) w.tag(2, wire.bytes).string(output);
  w.tag(3, wire.bytes).string(node.name);
  w.tag(4, wire.bytes).string(node.op);
  for (const [name, value] of Object.entries(node.attributes)) message(w, 5, (a) => writeAttribute(a, name, value));
}

function writeAttribute(w: BinaryWriter, name: string, value: OnnxAttribute): void {
  w.tag(1, wire.bytes).string(name);
  if (typeof value === 'number') {
    w.tag(3, wire.varint).int64(value);
    w.tag(20, wire.varint).int32(attributeTypes.int);
  } else if ('float' in value) {
    w.tag(2, wire.fixed32).float(value.float);
    w.tag(20, wire.varint).int32(attributeTypes.float);
  } else {
    for (const item of value) w.tag(8, wire.varint).int64(item);
    w.tag(20, wire.varint).int32(attributeTypes.ints);
  }
}

function tensorPieces(tensor: OnnxTensor, external: ExternalPlace | undefined): Piece[] {
  const w = new BinaryWriter();
  for (const d of tensor.shape) w.tag(1, wire.varint).int64(d);
  w.tag(2, wire.varint).int32(onnxTypes[tensor.dtype]);
  w.tag(8, wire.bytes).string(tensor.name);
  if (external !== undefined) {
    const place = { location: external.file, offset: String(external.offset), length: String(tensor.bytes) };
    for (const [key, value] of Object.entries(place)) message(w, 13, (entry) => writeEntry(entry, key, value));
    w.tag(14, wire.varint).int32(externalLocation);
    return [w.finish()];
  }
  w.tag(9, wire.bytes).uint64(tensor.bytes);
  return [w.finish(), tensor];
}

function writeValue(w: BinaryWriter, value: OnnxValue): void {
  w.tag(1, wire.bytes).string(value.name);
  message(w, 2, (type) =>
    message(type, 1, (tensor) => {
      tensor.tag(1, wire.varint).int32(onnxTypes[value.dtype]);
      message(tensor, 2, (shape) => {
        for (const d of value.shape) {
          message(shape, 1, (dim) => {
            if (typeof d === 'number') dim.tag(1, wire.varint).int64(d);
            else if (d !== null) dim.tag(2, wire.bytes).string(d);
          });
        }
      });
    }),
  );
}
