/** TensorProto: a tensor, and where its values stand. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { CheckpointError } from '../../errors.js';
import { type ByteSource, readRange } from '../files/byte_source.js';
import { byteCount, elementCount, formatShape, maxRank } from '../shapes.js';
import type { TensorInfo } from '../types.js';
import { type ElementType, elementType, valueFields } from './element_types.js';
import type { Field, MessageFile } from './message_file.js';

/** Bytes of the model file or of one beside it. */
export interface Stretch {
  /** Name of the file beside the model; null: the model itself. */
  readonly file: string | null;
  readonly start: number;
  readonly length: number;
}

/** A tensor's values: as they are in memory, or as numbers of a repeated field. */
export type OnnxValues =
  | { readonly kind: 'stretch'; readonly stretch: Stretch }
  | { readonly kind: 'numbers'; readonly type: ElementType; readonly fields: readonly Field[] };

export interface OnnxTensor {
  readonly info: TensorInfo;
  readonly values: OnnxValues;
}

const isExternal = 1;

interface Draft {
  name: string;
  dimensions: number[];
  type: number;
  location: number;
  raw: Field | null;
  numbers: Field[];
  external: Map<string, string>;
}

/**
 * Reads what a tensor is; its values stay where they are.
 * @param name what the tensor is called where it has no name of its own
 */
export async function readTensor(file: MessageFile, start: number, end: number, name?: string): Promise<OnnxTensor> {
  const draft: Draft = {
    ...{ name: name ?? '', dimensions: [], type: 0, location: 0, raw: null, numbers: [], external: new Map() },
  };
  for await (const field of file.fields('TensorProto', start, end)) {
    if (field.number === 1) draft.dimensions.push(...(await file.integers(field, 'The shape of a tensor', maxRank)));
    else if (field.number === 2) draft.type = field.value;
    else if (field.number === 3) throw file.error('Tensors in segments are not read.', field.start);
    else if (field.number === 8 && name === undefined) draft.name = await file.text(field, 'The name of a tensor');
    else if (field.number === 9) draft.raw = field;
    else if (field.number === 13) await readEntry(file, field, draft.external);
    else if (field.number === 14) draft.location = field.value;
    else if (valueFields.has(field.number)) draft.numbers.push(field);
    if (draft.dimensions.length > maxRank) throw file.error(`A tensor has more than ${maxRank} dimensions.`, start);
  }
  return checked(file, start, draft);
}

/** StringStringEntryProto. */
export async function readEntry(file: MessageFile, field: Field, entries: Map<string, string>): Promise<void> {
  let [key, value] = ['', ''];
  for await (const part of file.fields('StringStringEntryProto', ...file.message(field, 'An entry'))) {
    if (part.number === 1) key = await file.text(part, 'The key of an entry');
    else if (part.number === 2) value = await file.text(part, `The entry ${key}`);
  }
  if (entries.size >= 1024) throw file.error('There are more than 1024 entries.', field.start);
  entries.set(key, value);
}

function checked(file: MessageFile, start: number, draft: Draft): OnnxTensor {
  const { name, dimensions: shape, raw, numbers, location } = draft;
  const type = elementType(draft.type);
  const fail = (message: string, hint?: string) =>
    file.error(`The tensor ${JSON.stringify(name)} ${formatShape(shape)} ${message}.`, start, hint);
  const bytes = byteCount(shape, type.bytes);
  if (bytes === undefined) throw fail('has an impossible shape');
  const info: TensorInfo = { name, dtype: type.dtype, shape, bytes };
  const stretch = (at: Stretch): OnnxTensor => {
    if (type.bytes > 0 && at.length !== bytes)
      throw fail(`should take ${bytes} bytes, but ${at.length} are there`, 'copy or export the file again.');
    return { info, values: { kind: 'stretch', stretch: at } };
  };
  if (location === isExternal) return stretch(externalStretch(draft.external, bytes, fail));
  if (location !== 0) throw fail(`is at a location of the unknown kind ${location}`);
  if (raw !== null && numbers.length > 0) throw fail('has its values twice');
  if (raw !== null) return stretch({ file: null, start: raw.start, length: raw.end - raw.start });
  const other = numbers.find(({ number }) => number !== type.field);
  if (other !== undefined) throw fail(`is of type ${draft.type}, and has its values in field ${other.number}`);
  // A varint takes a byte at least.
  const least =
    (elementCount(shape) as number) * (type.dtype === 'float32' || type.dtype === 'float64' ? type.bytes : 1);
  const there = numbers.reduce((sum, { start: from, end }) => sum + (end - from), 0);
  if (type.field > 0 && there < least) throw fail(`should take ${least} bytes or more, but ${there} are there`);
  return { info, values: { kind: 'numbers', type, fields: numbers } };
}

/** Where the values are that stand beside the model: in its folder, since a path would reach what it has no business with. */
function externalStretch(
  entries: ReadonlyMap<string, string>,
  bytes: number,
  fail: (message: string, hint?: string) => CheckpointError,
): Stretch {
  // Some programs write `./weights.bin`.
  const file = (entries.get('location') ?? '').replace(/^\.\//, '');
  if (!/^[^/\\\0]+$/.test(file) || file === '..' || file === '.')
    throw fail(
      `is said to be in ${JSON.stringify(entries.get('location') ?? '')}, which is no name of a file beside the model`,
    );
  const [start, length] = ['offset', 'length'].map((key) => {
    const text = entries.get(key) ?? '';
    const number = text === '' ? (key === 'offset' ? 0 : bytes) : /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(number)) throw fail(`has the ${key} ${JSON.stringify(text)} in ${file}`);
    return number;
  }) as [number, number];
  return { file, start, length };
}

/** Decodes the numbers of repeated fields into the bytes of the values. @throws CheckpointError for more or fewer than there should be */
export async function decodeNumbers(
  source: ByteSource,
  { name, shape }: TensorInfo,
  type: ElementType,
  fields: readonly Field[],
  target: Uint8Array,
): Promise<void> {
  const count = elementCount(shape) as number;
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  let element = 0;
  const fail = (received: string) =>
    new CheckpointError(`The tensor ${JSON.stringify(name)} ${formatShape(shape)} has ${received} values.`, {
      path: source.path,
    });
  for (const { wire, start, end } of fields) {
    const reader = new BinaryReader(await readRange(source, start, end - start, 'The values'));
    // One value of an unpacked field, or as many as there are bytes for.
    const isOne = wire !== WireType.LengthDelimited;
    try {
      do {
        if (reader.pos >= reader.len) break;
        if (element === count) throw fail('more');
        store(view, element++, type, reader);
      } while (!isOne);
    } catch (cause) {
      if (cause instanceof RangeError) throw fail('damaged');
      throw cause;
    }
  }
  if (element !== count) throw fail(String(element));
}

function store(view: DataView, element: number, { dtype, bytes }: ElementType, reader: BinaryReader): void {
  const at = element * bytes;
  if (dtype === 'float32') view.setFloat32(at, reader.float(), true);
  else if (dtype === 'float64') view.setFloat64(at, reader.double(), true);
  else {
    const value = BigInt(reader.int64());
    if (bytes === 8) view.setBigUint64(at, BigInt.asUintN(64, value), true);
    else if (bytes === 4) view.setUint32(at, Number(BigInt.asUintN(32, value)), true);
    else if (bytes === 2) view.setUint16(at, Number(BigInt.asUintN(16, value)), true);
    else view.setUint8(at, Number(BigInt.asUintN(8, value)));
  }
}
