/** Reads an ONNX file back, independently of the writer: field numbers as in onnx.proto. */
import { BinaryReader } from '@bufbuild/protobuf/wire';

type Fields = Map<number, (bigint | number | Uint8Array)[]>;

function fields(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const found: Fields = new Map();
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    const value = wire === 0 ? BigInt(reader.int64()) : wire === 2 ? reader.bytes() : reader.float();
    found.set(field, [...(found.get(field) ?? []), value]);
  }
  return found;
}

const text = (value: unknown) => new TextDecoder().decode(value as Uint8Array);
const texts = (f: Fields, field: number) => (f.get(field) ?? []).map(text);
const numbers = (f: Fields, field: number) => (f.get(field) ?? []).map(Number);
const messages = (f: Fields, field: number) => (f.get(field) ?? []).map((bytes) => fields(bytes as Uint8Array));
const only = <T>(list: readonly T[]): T => {
  if (list.length !== 1) throw new Error(`expected one, found ${list.length}`);
  return list[0] as T;
};

export interface ReadNode {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, number | readonly number[]>>;
}

export interface ReadValue {
  readonly name: string;
  readonly elementType: number;
  readonly shape: readonly (number | string | null)[];
}

export interface ReadTensor {
  readonly name: string;
  readonly elementType: number;
  readonly shape: readonly number[];
  /** Empty where they stand in another file. */
  readonly bytes: Uint8Array;
  readonly external?: Readonly<Record<string, string>>;
}

export interface ReadModel {
  readonly irVersion: number;
  readonly opset: number;
  readonly nodes: readonly ReadNode[];
  readonly initializers: readonly ReadTensor[];
  readonly inputs: readonly ReadValue[];
  readonly outputs: readonly ReadValue[];
  readonly metadata: Readonly<Record<string, string>>;
}

export function readOnnx(bytes: Uint8Array): ReadModel {
  const model = fields(bytes);
  const graph = only(messages(model, 7));
  return {
    irVersion: only(numbers(model, 1)),
    opset: only(numbers(only(messages(model, 8)), 2)),
    nodes: messages(graph, 1).map((node) => ({
      op: only(texts(node, 4)),
      name: only(texts(node, 3)),
      inputs: texts(node, 1),
      outputs: texts(node, 2),
      attributes: Object.fromEntries(
        messages(node, 5).map((attribute) => [only(texts(attribute, 1)), attributeValue(attribute)]),
      ),
    })),
    initializers: messages(graph, 5).map((tensor) => ({
      name: only(texts(tensor, 8)),
      elementType: only(numbers(tensor, 2)),
      shape: numbers(tensor, 1),
      ...(numbers(tensor, 14)[0] === 1
        ? { bytes: new Uint8Array(0), external: record(messages(tensor, 13)) }
        : { bytes: only(tensor.get(9) ?? []) as Uint8Array }),
    })),
    inputs: messages(graph, 11).map(valueInfo),
    outputs: messages(graph, 12).map(valueInfo),
    metadata: record(messages(model, 14)),
  };
}

/** StringStringEntryProto. */
function record(entries: readonly Fields[]): Record<string, string> {
  return Object.fromEntries(entries.map((entry) => [only(texts(entry, 1)), only(texts(entry, 2))]));
}

function attributeValue(attribute: Fields): number | number[] {
  const kind = only(numbers(attribute, 20));
  if (kind === 1) return only(numbers(attribute, 2));
  if (kind === 2) return only(numbers(attribute, 3));
  if (kind === 7) return numbers(attribute, 8);
  throw new Error(`attribute type ${kind}`);
}

function valueInfo(value: Fields): ReadValue {
  const tensor = only(messages(only(messages(value, 2)), 1));
  const dimensions = messages(only(messages(tensor, 2)), 1);
  return {
    name: only(texts(value, 1)),
    elementType: only(numbers(tensor, 1)),
    shape: dimensions.map((d) => texts(d, 2)[0] ?? numbers(d, 1)[0] ?? null),
  };
}
