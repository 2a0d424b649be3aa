/** ModelConfigResponse and ModelStatisticsResponse of Triton's extensions (examples/grpc/open_inference.proto). */
import {
  type BinaryWriter,
  encodeMessage,
  WireType,
  writeMessage,
  writeString,
} from '../../formats/protobuf_writer.js';
import type { configurationOf } from '../inference/index.js';
import type { Duration, ModelStatistics } from '../statistics.js';
import { writeShape } from './infer_messages.js';

/** Numbers of types of tensors in configurations. */
const typeNumbers: Readonly<Record<string, number>> = {
  ...{ TYPE_BOOL: 1, TYPE_UINT8: 2, TYPE_UINT16: 3, TYPE_UINT32: 4, TYPE_UINT64: 5, TYPE_INT8: 6, TYPE_INT16: 7 },
  ...{ TYPE_INT32: 8, TYPE_INT64: 9, TYPE_FP16: 10, TYPE_FP32: 11, TYPE_FP64: 12, TYPE_STRING: 13, TYPE_BF16: 14 },
};
const kindNumbers = { KIND_GPU: 1, KIND_CPU: 2 } as const;

function writeNumber(writer: BinaryWriter, field: number, value: number): void {
  writer.tag(field, WireType.Varint).int64(value);
}

export function encodeConfiguration(config: ReturnType<typeof configurationOf>): Uint8Array {
  return encodeMessage((response) =>
    writeMessage(response, 1, (message) => {
      writeString(message, 1, config.name);
      writeString(message, 2, config.platform);
      writeNumber(message, 4, config.max_batch_size);
      for (const { name, data_type: type, dims } of config.input)
        writeMessage(message, 5, (input) => {
          writeString(input, 1, name);
          writeNumber(input, 2, typeNumbers[type] ?? 0);
          writeShape(input, 4, dims);
        });
      for (const { name, data_type: type, dims } of config.output)
        writeMessage(message, 6, (output) => {
          writeString(output, 1, name);
          writeNumber(output, 2, typeNumbers[type] ?? 0);
          writeShape(output, 3, dims);
        });
      for (const { name, kind, count } of config.instance_group)
        writeMessage(message, 7, (group) => {
          writeString(group, 1, name);
          writeNumber(group, 2, count);
          writeNumber(group, 4, kindNumbers[kind]);
        });
      writeMessage(message, 11, (batching) => {
        writeShape(batching, 1, config.dynamic_batching.preferred_batch_size);
        writeNumber(batching, 2, config.dynamic_batching.max_queue_delay_microseconds);
      });
      writeString(message, 17, config.backend);
    }),
  );
}

export function encodeStatistics(models: readonly ModelStatistics[]): Uint8Array {
  return encodeMessage((response) => {
    for (const model of models)
      writeMessage(response, 1, (message) => {
        writeString(message, 1, model.name);
        writeString(message, 2, model.version);
        writeNumber(message, 3, model.last_inference);
        writeNumber(message, 4, model.inference_count);
        writeNumber(message, 5, model.execution_count);
        const { success, fail, queue, compute_input, compute_infer, compute_output, cache_hit, cache_miss } =
          model.inference_stats;
        writeMessage(message, 6, (stats) => {
          [success, fail, queue, compute_input, compute_infer, compute_output, cache_hit, cache_miss].forEach(
            (duration, i) => {
              writeDuration(stats, i + 1, duration);
            },
          );
        });
        for (const batch of model.batch_stats)
          writeMessage(message, 7, (stats) => {
            writeNumber(stats, 1, batch.batch_size);
            writeDuration(stats, 2, batch.compute_input);
            writeDuration(stats, 3, batch.compute_infer);
            writeDuration(stats, 4, batch.compute_output);
          });
      });
  });
}

function writeDuration(writer: BinaryWriter, field: number, { count, ns }: Duration): void {
  writeMessage(writer, field, (message) => {
    writeNumber(message, 1, count);
    writeNumber(message, 2, ns);
  });
}
