/** Writer for TensorFlow's second checkpoint format. With one shard, byte for byte what TensorFlow writes. */

import { type Crc32c, maskCrc } from '../../formats/crc32c.js';
import { type CheckpointEntry, numericBytes, stringBytes } from '../entries.js';
import type { ByteSink } from '../files/byte_sink.js';
import { encodeStrings } from './bundle_strings.js';
import { numberOfDType } from './data_types.js';
import { writeBundleEntry, writeBundleHeader } from './message_writer.js';
import { TableWriter } from './table_writer.js';

/**
 * Writes entries, which must be sorted by name: values to `data`, which is the first of `shards` (all others are empty), the table
 * of contents to `index`.
 */
export async function writeBundleV2(
  index: ByteSink,
  data: ByteSink,
  shards: number,
  entries: readonly CheckpointEntry[],
  crc32c: Crc32c,
): Promise<void> {
  const table = new TableWriter(index, crc32c);
  await table.add(new Uint8Array(0), [writeBundleHeader(shards)]);
  let offset = 0;
  for (const entry of entries) {
    const { size, crc } = await writeTensor(data, entry, crc32c);
    const message = writeBundleEntry({
      dtype: numberOfDType(entry.dtype),
      shape: [...entry.shape],
      shard: 0,
      offset,
      size,
      crc: maskCrc(crc),
      slices: [],
    });
    await table.add(Buffer.from(entry.name, 'utf8'), [message]);
    offset += size;
  }
  await table.finish();
}

/** Bytes between two writes: while the system writes, the event loop turns. */
const chunkBytes = 4 << 20;

async function writeTensor(
  sink: ByteSink,
  entry: CheckpointEntry,
  crc32c: Crc32c,
): Promise<{ size: number; crc: number }> {
  if (entry.dtype === 'string') {
    const { parts, crc } = encodeStrings(await stringBytes(entry), crc32c);
    await sink.write(parts);
    return { size: parts.reduce((sum, part) => sum + part.length, 0), crc };
  }
  const bytes = await numericBytes(entry);
  let crc = 0;
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    const chunk = bytes.subarray(start, start + chunkBytes);
    crc = crc32c(chunk, crc);
    await sink.write([chunk]);
  }
  return { size: bytes.length, crc };
}
