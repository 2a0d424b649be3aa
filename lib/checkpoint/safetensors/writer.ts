/**
 * Writer for safetensors files: wide element types first, then by name, the header padded so that the data is aligned.
 */
import { bytesOf, describe } from '../../core/dtype.js';
import { ArgumentError, advice } from '../../errors.js';
import { type CheckpointEntry, entryBytes, type NumericEntry, numericBytes } from '../entries.js';
import type { ByteSink } from '../files/byte_sink.js';
import { maxHeaderBytes, metadataKey, typeNames } from './reader.js';

const alignment = 8;

/** Writes entries, which must be sorted by name. `metadata` is free text for the header. @throws ArgumentError */
export async function writeSafetensors(
  sink: ByteSink,
  entries: readonly CheckpointEntry[],
  metadata: Readonly<Record<string, string>> | undefined,
): Promise<void> {
  const tensors = entries.map(checkEntry).sort((a, b) => bytesOf(b.dtype) - bytesOf(a.dtype));
  const header = buildHeader(tensors, metadata);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  await sink.write([length, header]);
  for (const tensor of tensors) await sink.write([await numericBytes(tensor)]);
}

function checkEntry(entry: CheckpointEntry): NumericEntry {
  if (entry.dtype === 'string') {
    throw new ArgumentError(`A safetensors file cannot hold strings, as in ${entry.name}.`, {
      hint: advice`write ${['format', 'tensorflow_v2']}.`,
    });
  }
  if (entry.name === metadataKey)
    throw new ArgumentError(`A tensor in a safetensors file cannot be named ${metadataKey}.`);
  return entry;
}

function buildHeader(
  tensors: readonly NumericEntry[],
  metadata: Readonly<Record<string, string>> | undefined,
): Uint8Array {
  const lines: string[] = [];
  if (metadata !== undefined) {
    for (const [key, value] of Object.entries(metadata)) {
      if (typeof value !== 'string')
        throw new ArgumentError(`Expected text for the metadata ${key}, received ${describe(value)}.`);
    }
    lines.push(`${JSON.stringify(metadataKey)}:${JSON.stringify(metadata)}`);
  }
  let begin = 0;
  for (const tensor of tensors) {
    const end = begin + entryBytes(tensor);
    const description = { dtype: typeNames.get(tensor.dtype), shape: tensor.shape, data_offsets: [begin, end] };
    lines.push(`${JSON.stringify(tensor.name)}:${JSON.stringify(description)}`);
    begin = end;
  }
  const text = Buffer.from(`{${lines.join(',')}}`, 'utf8');
  const padded = Buffer.alloc(Math.ceil(text.length / alignment) * alignment, ' ');
  text.copy(padded);
  if (padded.length > maxHeaderBytes) {
    throw new ArgumentError(`The header would take ${padded.length} bytes, more than the format's ${maxHeaderBytes}.`);
  }
  return padded;
}
