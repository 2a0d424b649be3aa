/** What the checkpoint tests share: TensorFlow's files, the files of the specification, and scratch folders. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CheckpointEntry } from '../../../lib/checkpoint/entries.js';
import type { ByteSink } from '../../../lib/checkpoint/files/byte_sink.js';
import type { ReadContext, StoredDType } from '../../../lib/checkpoint/types.js';
import { crc32c } from '../../../lib/formats/crc32c.js';

/** Files that TensorFlow wrote, one folder a case, with what TensorFlow read back in expected.json. */
export const goldenFolder = join(__dirname, '../../golden/checkpoints');

/** One tensor in expected.json. */
export interface ExpectedTensor {
  name: string;
  dtype: StoredDType;
  shape: number[];
  /** Of the little-endian bytes: all of it, or its first 16 digits. */
  sha256: string;
  /** Base64 of each string. */
  strings?: string[];
}

/** An expected.json of a checkpoint. */
export interface ExpectedCheckpoint {
  format: 'V1' | 'V2';
  prefix: string;
  savePath: string;
  files: { name: string; bytes: number; sha256: string }[];
  /** In full, or for large files as [name, shape, start of the SHA-256]. */
  tensors: (ExpectedTensor | [string, number[], string])[];
}

export function readJson<T>(...path: string[]): T {
  return JSON.parse(readFileSync(join(goldenFolder, ...path), 'utf8')) as T;
}

/** The tensors of an expected.json in full; global_step is the one that is not float32 in the short form. */
export function expectedTensors({ tensors }: ExpectedCheckpoint): ExpectedTensor[] {
  return tensors.map((tensor) => {
    if (!Array.isArray(tensor)) return tensor;
    const [name, shape, start] = tensor;
    return { name, dtype: name === 'global_step' ? 'int64' : 'float32', shape, sha256: start };
  });
}

/** Names of the cases that are checkpoints. */
export function goldenCases(): string[] {
  return readdirSync(goldenFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'state')
    .map((entry) => entry.name);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function bytesOfArray(array: ArrayBufferView): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

/** A scratch folder; remove it with `removeFolder`. */
export function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), 'slimnet-checkpoint-'));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** A sink into memory. */
export class MemorySink implements ByteSink {
  readonly #parts: Buffer[] = [];

  async write(parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) this.#parts.push(Buffer.from(part));
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

export const context: ReadContext = { crc32c, signal: undefined };

/** The hash of the specification: element i of stream k, in [0, 1). */
export function hash(i: number, k: number): number {
  let s = (Math.imul(i, 2654435761) + Math.imul(k, 40503) + 12345) >>> 0;
  s = (s ^ (s >>> 16)) >>> 0;
  s = Math.imul(s, 2246822519) >>> 0;
  s = (s ^ (s >>> 13)) >>> 0;
  return s / 2 ** 32;
}

/** `length` values of stream k in [-1, 1). */
export function uniform(length: number, k: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => 2 * hash(i, k) - 1);
}

/** The four tensors of the specification's files. */
export const specEntries: readonly CheckpointEntry[] = [
  { name: 'global_step', dtype: 'int64', shape: [], data: BigInt64Array.of(7n) },
  { name: 'd', dtype: 'int32', shape: [3], data: Int32Array.of(1, 2, 3) },
  { name: 'a/weights', dtype: 'float32', shape: [2, 2], data: Float32Array.of(1.5, -2, 0.25, 3) },
  { name: 'a/biases', dtype: 'float32', shape: [2], data: Float32Array.of(0.5, -0.5) },
];

/** Section 10.5 of the specification. */
export const specV1 = Buffer.from(
  '0000630a610a160a08612f626961736573120412020802180122020a000a1d0a09612f7765696768747312081202080212020802180122040a000a00' +
    '0a0f0a0164120412020803180322020a000a130a0b676c6f62616c5f7374657012001809220012020801000f1c00612f62696173657300010101807f' +
    '121a0a08612f62696173657312020a001a0a2a080000003f000000bf030f277765696768747300010102807f807f12250a09612f7765696768747312' +
    '040a000a001a122a100000c03f000000c00000803e000040400107106400010101807f120e0a016412020a001a053a03010203010e16676c6f62616c' +
    '5f7374657000010012140a0b676c6f62616c5f7374657012001a03520107000000000100000000f17ddedb000000000100000000c0f2a1b000010301' +
    '0096020000000001000000002af68d5e9b0208a8020f0000000000000000000000000000000000000000000000000000000000000000000057fb808b' +
    '247547db',
  'hex',
);

/** Section 10.6 of the specification: the data file. */
export const specV2Data = Buffer.from(
  '0000003f000000bf0000c03f000000c00000803e000040400100000002000000030000000700000000000000',
  'hex',
);

/** Section 10.6 of the specification: the index. */
export const specV2Index = Buffer.from(
  '00000608011a02080100080f612f6269617365730801120412020802280835421ef0fc02071577656967687473080112081202080212020802200828' +
    '10351516329a0001116408031204120208032018280c356ebfb8c6000b0d676c6f62616c5f73746570080912002024280835bbd79f11000000000100' +
    '000000535d090d000000000100000000c0f2a1b000010268007a000000000100000000f2e536387f088c010e00000000000000000000000000000000' +
    '0000000000000000000000000000000000000057fb808b247547db',
  'hex',
);
