/** Protocol-buffer messages of a file, walked by position: what is large stays where it is. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { CheckpointError } from '../../errors.js';
import { type ByteSource, throwIfAborted } from '../files/byte_source.js';
import type { ReadContext } from '../types.js';

/** A field, and where the bytes of its value stand. */
export interface Field {
  readonly number: number;
  /** How the value is written: one of the library's WireType, which is no part of what is published. */
  readonly wire: number;
  /** Of a varint; beyond 2^53 it is no safe integer. 0 for others. */
  readonly value: number;
  readonly start: number;
  readonly end: number;
}

/** Bytes that are looked at together. */
const windowBytes = 1 << 16;
/** A tag and a length, or a varint, of as many bytes as they may have. */
const headBytes = 20;
/** More fields than this are refused: the networks of the registry have some ten thousand. */
const maxFields = 1 << 22;
/** Names and other texts of more bytes than this are refused. */
const maxTextBytes = 1 << 16;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class MessageFile {
  readonly source: ByteSource;
  readonly #context: ReadContext;
  readonly #buffer: Uint8Array;
  #windowAt = 0;
  #windowEnd = 0;
  #fields = 0;

  constructor(source: ByteSource, context: ReadContext) {
    this.source = source;
    this.#context = context;
    this.#buffer = new Uint8Array(Math.min(windowBytes, source.size));
  }

  /** The fields of the message at [start, end), in the file's order. @throws CheckpointError where it is malformed */
  async *fields(what: string, start: number, end: number): AsyncGenerator<Field, void, undefined> {
    for (let at = start; at < end; ) {
      if (++this.#fields > maxFields) throw this.error(`The file has more than ${maxFields} fields.`, at);
      const field = this.#field(what, await this.#bytes(at, Math.min(end, at + headBytes)), at, end);
      at = field.end;
      yield field;
    }
  }

  #field(what: string, head: Uint8Array, at: number, end: number): Field {
    try {
      const reader = new BinaryReader(head);
      const [number, wire] = reader.tag();
      if (wire === WireType.Varint) {
        const start = at + reader.pos;
        return { number, wire, value: Number(reader.int64()), start, end: at + reader.pos };
      }
      const length = lengthOf(reader, wire);
      const start = at + reader.pos;
      if (length > end - start) throw new Error(`it has ${end - start} bytes where ${length} should follow`);
      return { number, wire, value: 0, start, end: start + length };
    } catch (cause) {
      throw this.error(
        `The ${what} message is malformed: ${String((cause as Error).message)}.`,
        at,
        'the file is damaged, was cut off, or is no ONNX file at all: copy or download it again.',
      );
    }
  }

  /** The bytes at [start, end), which are few; they are another's at the next call. */
  async #bytes(start: number, end: number): Promise<Uint8Array> {
    if (start < this.#windowAt || end > this.#windowEnd) {
      throwIfAborted(this.#context.signal, this.source.path);
      const length = Math.min(this.#buffer.length, this.source.size - start);
      await this.source.readInto(this.#buffer.subarray(0, length), start);
      this.#windowAt = start;
      this.#windowEnd = start + length;
    }
    return this.#buffer.subarray(start - this.#windowAt, end - this.#windowAt);
  }

  /** The text of a field. @throws CheckpointError for what is none */
  async text({ wire, start, end }: Field, what: string): Promise<string> {
    if (wire !== WireType.LengthDelimited) throw this.error(`${what} is no text.`, start);
    if (end - start > maxTextBytes) throw this.error(`${what} has ${end - start} bytes: too many.`, start);
    try {
      return decoder.decode(await this.#bytes(start, end));
    } catch (cause) {
      if (cause instanceof TypeError) throw this.error(`${what} is no UTF-8 text.`, start);
      throw cause;
    }
  }

  /** The number of a float field. */
  async float({ wire, start, end }: Field, what: string): Promise<number> {
    if (wire !== WireType.Bit32) throw this.error(`${what} is no number.`, start);
    return new BinaryReader(await this.#bytes(start, end)).float();
  }

  /**
   * Integers of a repeated field, packed or one of them alone.
   * @param most more are an error
   */
  async integers({ wire, value, start, end }: Field, what: string, most: number): Promise<number[]> {
    if (wire === WireType.Varint) return [value];
    if (wire !== WireType.LengthDelimited) throw this.error(`${what}: expected integers.`, start);
    if (end - start > 10 * most || end - start > windowBytes) throw this.error(`${what}: more than ${most}.`, start);
    try {
      const reader = new BinaryReader(await this.#bytes(start, end));
      const list: number[] = [];
      while (reader.pos < reader.len) list.push(Number(reader.int64()));
      return list;
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw this.error(`${what} ends within a number.`, start);
    }
  }

  /** A field that has to be a message. @throws CheckpointError */
  message(field: Field, what: string): readonly [start: number, end: number] {
    if (field.wire !== WireType.LengthDelimited) throw this.error(`${what} is no message.`, field.start);
    return [field.start, field.end];
  }

  error(message: string, offset: number, hint?: string): CheckpointError {
    return new CheckpointError(message, { path: this.source.path, offset, ...(hint === undefined ? {} : { hint }) });
  }
}

function lengthOf(reader: BinaryReader, wire: WireType): number {
  if (wire === WireType.Bit32) return 4;
  if (wire === WireType.Bit64) return 8;
  if (wire === WireType.LengthDelimited) return Number(reader.uint64());
  throw new Error(`wire type ${wire} is not one of ONNX`);
}
