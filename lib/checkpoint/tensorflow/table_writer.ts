/**
 * Writer for sorted table files, byte for byte what TensorFlow's own writer gives: 256 KiB blocks, a restart point
 * every 16 entries, no compression. Values may come in parts, so that a large tensor is never copied.
 */
import { ArgumentError } from '../../errors.js';
import { type Crc32c, maskCrc } from '../../formats/crc32c.js';
import type { ByteSink } from '../files/byte_sink.js';
import { footerBytes, tableMagic, trailerBytes } from './table_reader.js';

const blockBytes = 262144;
const restartInterval = 16;

interface Handle {
  readonly offset: number;
  readonly size: number;
}

/** Appends a varint. */
export function pushVarint(out: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    out.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
}

/** Collects the entries of one block. */
class BlockBuilder {
  readonly #interval: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #restarts: number[] = [0];
  #sinceRestart = 0;
  #lastKey: Uint8Array = new Uint8Array(0);

  constructor(interval: number) {
    this.#interval = interval;
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /** Bytes that the finished block will have. */
  get estimate(): number {
    return this.#bytes + 4 * this.#restarts.length + 4;
  }

  add(key: Uint8Array, value: readonly Uint8Array[]): void {
    let shared = 0;
    if (this.#sinceRestart < this.#interval) {
      const limit = Math.min(key.length, this.#lastKey.length);
      while (shared < limit && key[shared] === this.#lastKey[shared]) shared++;
    } else {
      this.#restarts.push(this.#bytes);
      this.#sinceRestart = 0;
    }
    const head: number[] = [];
    pushVarint(head, shared);
    pushVarint(head, key.length - shared);
    pushVarint(head, totalBytes(value));
    // What stays here beyond this call is copied; a value of a block's size is written before `TableWriter.add`
    // returns.
    const stays = totalBytes(value) < blockBytes;
    for (const part of [Uint8Array.from(head), key.subarray(shared), ...value]) {
      if (part.length > 0) this.#parts.push(stays ? part.slice() : part);
      this.#bytes += part.length;
    }
    this.#lastKey = key;
    this.#sinceRestart++;
  }

  /** The parts of the finished block; the builder is empty again. */
  finish(): Uint8Array[] {
    const tail = new Uint8Array(4 * (this.#restarts.length + 1));
    const view = new DataView(tail.buffer);
    for (const [i, restart] of this.#restarts.entries()) view.setUint32(4 * i, restart, true);
    view.setUint32(4 * this.#restarts.length, this.#restarts.length, true);
    const parts = [...this.#parts, tail];
    this.#parts = [];
    this.#bytes = 0;
    this.#restarts = [0];
    this.#sinceRestart = 0;
    this.#lastKey = new Uint8Array(0);
    return parts;
  }
}

function totalBytes(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

/** Writes one table to a sink: `add` in increasing key order, then `finish`. */
export class TableWriter {
  readonly #sink: ByteSink;
  readonly #crc32c: Crc32c;
  readonly #block = new BlockBuilder(restartInterval);
  readonly #index = new BlockBuilder(1);
  #offset = 0;
  #lastKey: Uint8Array | undefined;
  /** The last block written: its index entry waits for the next key, which decides how short its own key may be. */
  #pending: Handle | undefined;

  constructor(sink: ByteSink, crc32c: Crc32c) {
    this.#sink = sink;
    this.#crc32c = crc32c;
  }

  /** Adds an entry; the parts of the value may be reused when the promise has resolved. */
  async add(key: Uint8Array, value: readonly Uint8Array[]): Promise<void> {
    if (this.#lastKey !== undefined && Buffer.compare(this.#lastKey, key) >= 0) {
      throw new ArgumentError('Expected the keys of a table in increasing order.');
    }
    if (!this.#block.isEmpty && key.length + totalBytes(value) >= 2 * blockBytes) await this.#flush();
    if (this.#pending !== undefined && this.#lastKey !== undefined) {
      this.#index.add(separator(this.#lastKey, key), [encodeHandle(this.#pending)]);
      this.#pending = undefined;
    }
    this.#block.add(key, value);
    this.#lastKey = key;
    if (this.#block.estimate >= blockBytes) await this.#flush();
  }

  /** Writes what is left, the index and the footer. */
  async finish(): Promise<void> {
    if (!this.#block.isEmpty) await this.#flush();
    const metaindex = await this.#write(new BlockBuilder(restartInterval).finish());
    if (this.#pending !== undefined && this.#lastKey !== undefined) {
      this.#index.add(successor(this.#lastKey), [encodeHandle(this.#pending)]);
      this.#pending = undefined;
    }
    const index = await this.#write(this.#index.finish());
    const footer = new Uint8Array(footerBytes);
    const handles = [...encodeHandle(metaindex), ...encodeHandle(index)];
    footer.set(handles);
    footer.set(tableMagic, footerBytes - tableMagic.length);
    await this.#sink.write([footer]);
  }

  async #flush(): Promise<void> {
    this.#pending = await this.#write(this.#block.finish());
  }

  async #write(parts: readonly Uint8Array[]): Promise<Handle> {
    const trailer = new Uint8Array(trailerBytes);
    let crc = 0;
    for (const part of parts) crc = this.#crc32c(part, crc);
    crc = this.#crc32c(trailer.subarray(0, 1), crc);
    new DataView(trailer.buffer).setUint32(1, maskCrc(crc), true);
    await this.#sink.write([...parts, trailer]);
    const handle = { offset: this.#offset, size: totalBytes(parts) };
    this.#offset += handle.size + trailerBytes;
    return handle;
  }
}

function encodeHandle({ offset, size }: Handle): Uint8Array {
  const out: number[] = [];
  pushVarint(out, offset);
  pushVarint(out, size);
  return Uint8Array.from(out);
}

/** A short key that is at least `last` and less than `next`. */
function separator(last: Uint8Array, next: Uint8Array): Uint8Array {
  const limit = Math.min(last.length, next.length);
  let common = 0;
  while (common < limit && last[common] === next[common]) common++;
  if (common === limit) return last;
  const byte = last[common] as number;
  return byte < 0xff && byte + 1 < (next[common] as number) ? incremented(last, common) : last;
}

/** A short key that is at least `last`. */
function successor(last: Uint8Array): Uint8Array {
  const at = last.findIndex((byte) => byte !== 0xff);
  return at < 0 ? last : incremented(last, at);
}

/** The bytes up to and including position `at`, that one increased by 1. */
function incremented(bytes: Uint8Array, at: number): Uint8Array {
  const result = bytes.slice(0, at + 1);
  result[at] = (result[at] as number) + 1;
  return result;
}
