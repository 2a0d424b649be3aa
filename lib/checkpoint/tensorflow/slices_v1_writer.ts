/** Writer for TensorFlow's first checkpoint format (one shard), byte for byte what TensorFlow writes. */
import { type DType, isDType } from '../../core/dtype.js';
import { ArgumentError, advice } from '../../errors.js';
import type { Crc32c } from '../../formats/crc32c.js';
import { type CheckpointEntry, numericBytes, stringBytes } from '../entries.js';
import type { ByteSink } from '../files/byte_sink.js';
import { numberOfDType } from './data_types.js';
import { writePackedHead, writeSavedMeta, writeSavedSliceHead, writeStringTensor } from './message_writer.js';
import { sliceKey } from './ordered_code.js';
import { pack, packedFields } from './packed_fields.js';
import { TableWriter } from './table_writer.js';
import { wholeSlice } from './tensor_slice.js';

/** A protocol-buffer message cannot be larger, and TensorFlow refuses slices that come near. */
const maxMessageBytes = 2 ** 31;

const unsupported: readonly DType[] = ['bfloat16', 'uint32', 'uint64'];

const otherFormat = advice`write ${['format', 'tensorflow_v2']} or ${['format', 'safetensors']}.`;

/** Writes entries, which must be sorted by name. @throws ArgumentError for what the format cannot hold. */
export async function writeSlicesV1(
  sink: ByteSink,
  entries: readonly CheckpointEntry[],
  crc32c: Crc32c,
): Promise<void> {
  for (const { name, dtype } of entries) {
    if (isDType(dtype) && unsupported.includes(dtype)) {
      throw new ArgumentError(`The TensorFlow V1 format cannot hold ${dtype}, the dtype of ${name}.`, {
        hint: otherFormat,
      });
    }
  }
  const table = new TableWriter(sink, crc32c);
  const metas = entries.map(({ name, dtype, shape }) => ({
    name,
    dtype: numberOfDType(dtype),
    shape: [...shape],
    slices: [wholeSlice(shape.length)],
  }));
  await table.add(new Uint8Array(0), [writeSavedMeta(metas)]);
  for (const entry of entries) {
    const slice = wholeSlice(entry.shape.length);
    const { head, values } = await encodeTensor(entry);
    if (head.length + values.length + 2 * entry.name.length + 4096 >= maxMessageBytes) {
      throw new ArgumentError(
        `${entry.name} takes ${values.length} bytes, more than the TensorFlow V1 format can hold.`,
        {
          hint: otherFormat,
        },
      );
    }
    const start = writeSavedSliceHead(entry.name, slice, head, values.length);
    await table.add(sliceKey(entry.name, slice), [start, values]);
  }
  await table.finish();
}

async function encodeTensor(entry: CheckpointEntry): Promise<{ head: Uint8Array; values: Uint8Array }> {
  if (entry.dtype === 'string') {
    return { head: writeStringTensor(await stringBytes(entry)), values: new Uint8Array(0) };
  }
  const values = pack(await numericBytes(entry), entry.dtype);
  return { head: writePackedHead(packedFields[entry.dtype], values.length), values };
}
