import { BinaryWriter } from '@bufbuild/protobuf/wire';

/** Element types of ONNX tensors (onnx.proto, TensorProto.DataType). */
export const onnxTypes = { float32: 1, int64: 7, int32: 6 } as const;
export type OnnxType = keyof typeof onnxTypes;

export type OnnxAttribute = number | readonly number[] | { readonly float: number };

export interface OnnxNode {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxTensor {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
  /** Little-endian, row-major. */
  readonly bytes: Uint8Array;
}

export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxType;
  /** A string is a dimension by name, such as the batch. */
  readonly shape: readonly (number | string)[];
}

export interface OnnxModel {
  readonly name: string;
  readonly opset: number;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

// Field numbers and wire types are those of onnx.proto (https://github.com/onnx/onnx).
const wire = { varint: 0, bytes: 2, fixed32: 5 } as const;
const irVersion = 8;
const attributeTypes = { float: 1, int: 2, ints: 7 } as const;

/** The bytes of an ONNX model file. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const w = new BinaryWriter();
  w.tag(1, wire.varint).int64(irVersion);
  w.tag(2, wire.bytes).string('slimnet');
  message(w, 7, (g) => writeGraph(g, model));
  message(w, 8, (o) => o.tag(2, wire.varint).int64(model.opset));
  return w.finish();
}

function message(w: BinaryWriter, field: number, write: (w: BinaryWriter) => void): void {
  w.tag(field, wire.bytes).fork();
  write(w);
  w.join();
}

function writeGraph(w: BinaryWriter, model: OnnxModel): void {
  for (const node of model.nodes) message(w, 1, (n) => writeNode(n, node));
  w.tag(2, wire.bytes).string(model.name);
  for (const tensor of model.initializers) message(w, 5, (t) => writeTensor(t, tensor));
  for (const value of model.inputs) message(w, 11, (v) => writeValue(v, value));
  for (const value of model.outputs) message(w, 12, (v) => writeValue(v, value));
}

function writeNode(w: BinaryWriter, node: OnnxNode): void {
  for (const input of node.inputs) w.tag(1, wire.bytes).string(input);
  for (const output of node.outputs) w.tag(2, wire.bytes).string(output);
  w.tag(3, wire.bytes).string(node.name);
  w.tag(4, wire.bytes).string(node.op);
  for (const [name, value] of Object.entries(node.attributes ?? {}))
    message(w, 5, (a) => writeAttribute(a, name, value));
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

function writeTensor(w: BinaryWriter, tensor: OnnxTensor): void {
  for (const d of tensor.shape) w.tag(1, wire.varint).int64(d);
  w.tag(2, wire.varint).int32(onnxTypes[tensor.type]);
  w.tag(8, wire.bytes).string(tensor.name);
  w.tag(9, wire.bytes).bytes(tensor.bytes);
}

function writeValue(w: BinaryWriter, value: OnnxValue): void {
  w.tag(1, wire.bytes).string(value.name);
  message(w, 2, (type) =>
    message(type, 1, (tensor) => {
      tensor.tag(1, wire.varint).int32(onnxTypes[value.type]);
      message(tensor, 2, (shape) => {
        for (const d of value.shape) {
          message(shape, 1, (dim) => {
            if (typeof d === 'number') dim.tag(1, wire.varint).int64(d);
            else dim.tag(2, wire.bytes).string(d);
          });
        }
      });
    }),
  );
}
