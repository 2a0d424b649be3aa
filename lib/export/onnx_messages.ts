import type { DType } from '../core/dtype.js';
import { BinaryWriter, fieldHead, WireType, writeMessage, writeString } from '../formats/protobuf_writer.js';

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

// Field numbers are those of onnx.proto (https://github.com/onnx/onnx).
const irVersion = 8;
const attributeTypes = { float: 1, int: 2, ints: 7 } as const;
const externalLocation = 1;

/** The bytes of an ONNX model file, in order. Tensors that have a place in `external` are not among them. */
export function encodeModel(model: OnnxModel, external: ReadonlyMap<OnnxTensor, ExternalPlace>): Piece[] {
  const head = new BinaryWriter();
  head.tag(1, WireType.Varint).int64(irVersion);
  writeString(head, 2, 'slimnet');
  const tail = new BinaryWriter();
  writeMessage(tail, 8, (opset) => opset.tag(2, WireType.Varint).int64(model.opset));
  for (const [key, value] of Object.entries(model.metadata))
    writeMessage(tail, 14, (entry) => writeEntry(entry, key, value));
  return [head.finish(), ...nested(7, graphPieces(model, external)), tail.finish()];
}

/** Bytes that pieces have together. */
export function sizeOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + (ArrayBuffer.isView(piece) ? piece.length : piece.bytes), 0);
}

function graphPieces(model: OnnxModel, external: ReadonlyMap<OnnxTensor, ExternalPlace>): Piece[] {
  const nodes = new BinaryWriter();
  for (const node of model.nodes) writeMessage(nodes, 1, (n) => writeNode(n, node));
  writeString(nodes, 2, 'slimnet');
  const values = new BinaryWriter();
  for (const value of model.inputs) writeMessage(values, 11, (v) => writeValue(v, value));
  for (const value of model.outputs) writeMessage(values, 12, (v) => writeValue(v, value));
  const tensors = model.initializers.flatMap((tensor) => nested(5, tensorPieces(tensor, external.get(tensor))));
  return [nodes.finish(), ...tensors, values.finish()];
}

/** Pieces as the content of a field. */
function nested(field: number, pieces: readonly Piece[]): Piece[] {
  return [fieldHead(field, sizeOf(pieces)), ...pieces];
}

/** StringStringEntryProto. */
function writeEntry(w: BinaryWriter, key: string, value: string): void {
  writeString(w, 1, key);
  writeString(w, 2, value);
}

function writeNode(w: BinaryWriter, node: OnnxNode): void {
  for (const input of node.inputs) writeString(w, 1, input);
  for (const output of node.outputs) writeString(w, 2, output);
  writeString(w, 3, node.name);
  writeString(w, 4, node.op);
  for (const [name, value] of Object.entries(node.attributes))
    writeMessage(w, 5, (a) => writeAttribute(a, name, value));
}

function writeAttribute(w: BinaryWriter, name: string, value: OnnxAttribute): void {
  writeString(w, 1, name);
  if (typeof value === 'number') {
    w.tag(3, WireType.Varint).int64(value);
    w.tag(20, WireType.Varint).int32(attributeTypes.int);
  } else if ('float' in value) {
    w.tag(2, WireType.Bit32).float(value.float);
    w.tag(20, WireType.Varint).int32(attributeTypes.float);
  } else {
    for (const item of value) w.tag(8, WireType.Varint).int64(item);
    w.tag(20, WireType.Varint).int32(attributeTypes.ints);
  }
}

function tensorPieces(tensor: OnnxTensor, external: ExternalPlace | undefined): Piece[] {
  const w = new BinaryWriter();
  for (const d of tensor.shape) w.tag(1, WireType.Varint).int64(d);
  w.tag(2, WireType.Varint).int32(onnxTypes[tensor.dtype]);
  writeString(w, 8, tensor.name);
  if (external !== undefined) {
    const place = { location: external.file, offset: String(external.offset), length: String(tensor.bytes) };
    for (const [key, value] of Object.entries(place)) writeMessage(w, 13, (entry) => writeEntry(entry, key, value));
    w.tag(14, WireType.Varint).int32(externalLocation);
    return [w.finish()];
  }
  return [w.finish(), fieldHead(9, tensor.bytes), tensor];
}

function writeValue(w: BinaryWriter, value: OnnxValue): void {
  writeString(w, 1, value.name);
  writeMessage(w, 2, (type) =>
    writeMessage(type, 1, (tensor) => {
      tensor.tag(1, WireType.Varint).int32(onnxTypes[value.dtype]);
      writeMessage(tensor, 2, (shape) => {
        for (const d of value.shape) {
          writeMessage(shape, 1, (dim) => {
            if (typeof d === 'number') dim.tag(1, WireType.Varint).int64(d);
            else if (d !== null) writeString(dim, 2, d);
          });
        }
      });
    }),
  );
}
