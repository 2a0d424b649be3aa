/**
 * tf.train.Example (tensorflow/core/example/{example,feature}.proto): named lists of bytes, floats or 64-bit integers, as which TensorFlow's
 * data sets stand in record files.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** A named list. Integers beyond 2^53 lose digits. */
export type Feature =
  | { readonly kind: 'bytes'; readonly values: readonly Uint8Array[] }
  | { readonly kind: 'floats'; readonly values: readonly number[] }
  | { readonly kind: 'integers'; readonly values: readonly number[] };

type Read = (reader: BinaryReader, wire: WireType) => void;

/**
 * The features of an Example that `wanted` names. Bytes are views of `bytes`.
 * @throws Error for what is no such message
 */
export function readExample(bytes: Uint8Array, wanted: ReadonlySet<string>): Map<string, Feature> {
  const features = new Map<string, Feature>();
  const entry: Read = (reader) => {
    let name = '';
    let feature: Uint8Array = new Uint8Array();
    readMessage(reader.bytes(), {
      1: (field) => {
        name = field.string();
      },
      2: (field) => {
        feature = field.bytes();
      },
    });
    if (wanted.has(name)) features.set(name, readFeature(feature));
  };
  readMessage(bytes, { 1: (reader) => readMessage(reader.bytes(), { 1: entry }) });
  return features;
}

function readFeature(bytes: Uint8Array): Feature {
  let feature: Feature = { kind: 'bytes', values: [] };
  const list = <T>(reader: BinaryReader, packed: boolean, read: (from: BinaryReader) => T): T[] => {
    const values: T[] = [];
    readMessage(reader.bytes(), {
      1: (field, wire) => {
        if (!packed || wire !== WireType.LengthDelimited) return void values.push(read(field));
        const all = new BinaryReader(field.bytes());
        while (all.pos < all.len) values.push(read(all));
      },
    });
    return values;
  };
  readMessage(bytes, {
    1: (reader) => {
      feature = { kind: 'bytes', values: list(reader, false, (from) => from.bytes()) };
    },
    2: (reader) => {
      feature = { kind: 'floats', values: list(reader, true, (from) => from.float()) };
    },
    3: (reader) => {
      feature = { kind: 'integers', values: list(reader, true, (from) => Number(from.int64())) };
    },
  });
  return feature;
}

function readMessage(bytes: Uint8Array, fields: Readonly<Record<number, Read>>): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    const read = fields[number];
    if (read === undefined) reader.skip(wire, number);
    else read(reader, wire);
  }
}
