/** The contents of tensors in fields of their datatype (InferTensorContents), read and written. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { type BinaryWriter, writeBytes } from '../../formats/protobuf_writer.js';
import {
  badValue,
  type Datatype,
  type NamedTensor,
  type NumberDatatype,
  numberType,
  RequestError,
  type Values,
  wrongCount,
} from '../protocol/index.js';
import { assertWire, type FieldReader, readFields } from './fields.js';

/** The datatypes of the same field: its number, its name, and how an element is read and written. */
interface ContentsField {
  readonly number: number;
  readonly name: string;
  readonly wire: WireType;
  readonly read: (reader: BinaryReader) => number | bigint;
  readonly write: (writer: BinaryWriter, value: never) => void;
}

const field = (
  number: number,
  name: string,
  wire: WireType,
  read: ContentsField['read'],
  write: ContentsField['write'],
): ContentsField => ({ number, name, wire, read, write });

const bools = field(
  1,
  'bool_contents',
  WireType.Varint,
  (reader) => (reader.bool() ? 1 : 0),
  (writer, value: number) => void writer.bool(value === 1),
);
const ints = field(
  2,
  'int_contents',
  WireType.Varint,
  (reader) => reader.int32(),
  (writer, value: number) => void writer.int32(value),
);
const int64s = field(
  3,
  'int64_contents',
  WireType.Varint,
  (reader) => BigInt(reader.int64()),
  (writer, value: bigint) => void writer.int64(value),
);
const uints = field(
  4,
  'uint_contents',
  WireType.Varint,
  (reader) => reader.uint32(),
  (writer, value: number) => void writer.uint32(value),
);
const uint64s = field(
  5,
  'uint64_contents',
  WireType.Varint,
  (reader) => BigInt(reader.uint64()),
  (writer, value: bigint) => void writer.uint64(value),
);
const floats = field(
  6,
  'fp32_contents',
  WireType.Bit32,
  (reader) => reader.float(),
  (writer, value: number) => void writer.float(value),
);
const doubles = field(
  7,
  'fp64_contents',
  WireType.Bit64,
  (reader) => reader.double(),
  (writer, value: number) => void writer.double(value),
);
const bytes = { number: 8, name: 'bytes_contents' };

/** null: only raw contents have a form for it. */
const fieldOf: Readonly<Record<NumberDatatype, ContentsField | null>> = {
  ...{ BOOL: bools, INT8: ints, INT16: ints, INT32: ints, INT64: int64s },
  ...{ UINT8: uints, UINT16: uints, UINT32: uints, UINT64: uint64s, FP32: floats, FP64: doubles },
  ...{ FP16: null, BF16: null },
};
const allFields = [bools, ints, int64s, uints, uint64s, floats, doubles, bytes];

/**
 * The elements of a tensor.
 * @param message the field contents, in the pieces in which it came
 * @param count elements that the shape says
 * @throws RequestError
 */
export function readContents(
  message: readonly Uint8Array[],
  datatype: Datatype,
  count: number,
  name: string,
): Pick<NamedTensor, 'datatype' | 'data'> {
  // An element takes a byte at least: nothing of the size that is claimed is made before it has come.
  const most = message.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (count > most) throw wrongCount(name, count, most);
  const collected = datatype === 'BYTES' ? new Elements(count, name) : numbersOf(datatype, count, name);
  const fields: Record<number, FieldReader> = {};
  for (const { number, name: other } of allFields)
    fields[number] = () => {
      throw new RequestError(
        'bad_tensor',
        `${name}: ${datatype} has its elements in ${collected.field}, not ${other}.`,
      );
    };
  fields[collected.number] = collected.read;
  for (const part of message) readFields(part, `${name}: contents`, fields);
  if (collected.length !== count) throw wrongCount(name, count, collected.length);
  return { datatype, data: collected.data } as Pick<NamedTensor, 'datatype' | 'data'>;
}

interface Collected {
  readonly number: number;
  readonly field: string;
  readonly data: Values | Uint8Array[];
  readonly length: number;
  readonly read: FieldReader;
}

class Elements implements Collected {
  readonly number = bytes.number;
  readonly field = bytes.name;
  readonly data: Uint8Array[] = [];
  readonly #count: number;
  readonly #name: string;

  constructor(count: number, name: string) {
    this.#count = count;
    this.#name = name;
  }

  get length(): number {
    return this.data.length;
  }

  readonly read: FieldReader = (reader, wire) => {
    assertWire(wire, WireType.LengthDelimited);
    if (this.data.length === this.#count) throw wrongCount(this.#name, this.#count, this.#count + 1);
    this.data.push(reader.bytes());
  };
}

function numbersOf(datatype: NumberDatatype, count: number, name: string): Collected {
  const field = fieldOf[datatype];
  if (field === null)
    throw new RequestError('bad_tensor', `${name}: ${datatype} has no form in contents, only in raw_input_contents.`);
  return new Numbers(field, datatype, count, name);
}

class Numbers implements Collected {
  readonly number: number;
  readonly field: string;
  readonly data: Values;
  length = 0;
  readonly #field: ContentsField;
  readonly #datatype: NumberDatatype;
  readonly #name: string;

  constructor(field: ContentsField, datatype: NumberDatatype, count: number, name: string) {
    const { array: NumberArray, bytes: each } = numberType(datatype);
    this.number = field.number;
    this.field = field.name;
    this.data = new NumberArray(new ArrayBuffer(count * each), 0, count);
    this.#field = field;
    this.#datatype = datatype;
    this.#name = name;
  }

  readonly read: FieldReader = (reader, wire) => {
    const { wire: single } = this.#field;
    if (wire === single) {
      this.#add(reader);
      return;
    }
    assertWire(wire, WireType.LengthDelimited);
    const packed = reader.bytes();
    if (single === WireType.Varint) {
      const inner = new BinaryReader(packed);
      while (inner.pos < inner.len) this.#add(inner);
    } else this.#copy(packed);
  };

  #add(reader: BinaryReader): void {
    const { length } = this.data;
    if (this.length === length) throw wrongCount(this.#name, length, length + 1);
    const value = this.#field.read(reader);
    const { least = value, most = value } = numberType(this.#datatype);
    if (typeof value === 'number' && !Number.isNaN(value) && (value < least || value > most) && Number.isFinite(value))
      throw badValue(this.#name, this.length, this.#datatype, value);
    (this.data as Float64Array)[this.length++] = value as number;
  }

  /** Floating-point numbers lie in a message as in memory. */
  #copy(packed: Uint8Array): void {
    const { BYTES_PER_ELEMENT: each, length, buffer } = this.data;
    if (packed.byteLength % each !== 0)
      throw new Error(`${this.field} has ${packed.byteLength} bytes, no multiple of ${each}`);
    const more = packed.byteLength / each;
    if (this.length + more > length) throw wrongCount(this.#name, length, this.length + more);
    new Uint8Array(buffer as ArrayBuffer).set(packed, this.length * each);
    this.length += more;
  }
}

/** Writes the elements of a tensor. @throws RequestError for datatypes that contents have not */
export function writeContents(writer: BinaryWriter, { name, datatype, data }: NamedTensor): void {
  if (datatype === 'BYTES') {
    for (const element of data) writeBytes(writer, bytes.number, element);
    return;
  }
  const field = fieldOf[datatype];
  if (field === null)
    throw new RequestError('malformed', `${name}: ${datatype} has no form in contents: send raw_input_contents.`);
  writer.tag(field.number, WireType.LengthDelimited).fork();
  for (const value of data) field.write(writer, value as never);
  writer.join();
}
