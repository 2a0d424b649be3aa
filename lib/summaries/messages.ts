/** The messages of event files (tensorflow/core/util/event.proto, framework/summary.proto, framework/graph.proto). */
import type { Graph } from '../core/graph.js';
import {
  type BinaryWriter,
  encodeMessage,
  WireType,
  writeBytes,
  writeMessage,
  writeString,
} from '../formats/protobuf_writer.js';
import type { Histogram } from './histogram.js';

/** An image that is encoded already. */
export interface EncodedImage {
  /** PNG or JPEG. */
  readonly encoded: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** 1 (grey), 3 (RGB) or 4 (RGBA); 3 unless told. */
  readonly channels?: 1 | 3 | 4;
}

/** A summary's value. */
export type SummaryValue =
  | { readonly scalar: number }
  | { readonly histogram: Histogram }
  | { readonly image: EncodedImage };

/** What an event says. */
export type EventContent =
  | { readonly fileVersion: string }
  | { readonly tag: string; readonly value: SummaryValue }
  | { readonly graph: Graph }
  /** What an earlier run has written at this step and later does not count any more. */
  | { readonly sessionStart: true };

const sessionLogStart = 1;

/** An event. @param wallTime seconds since 1970 */
export function encodeEvent(wallTime: number, step: number, content: EventContent): Uint8Array {
  return encodeMessage((event) => {
    event.tag(1, WireType.Bit64).double(wallTime);
    if (step !== 0) event.tag(2, WireType.Varint).int64(step);
    if ('fileVersion' in content) writeString(event, 3, content.fileVersion);
    else if ('graph' in content) writeBytes(event, 4, encodeGraph(content.graph));
    else if ('sessionStart' in content)
      writeMessage(event, 7, (log) => void log.tag(1, WireType.Varint).int32(sessionLogStart));
    else writeBytes(event, 5, encodeSummary(content.tag, content.value));
  });
}

/** A summary of one value. */
export function encodeSummary(tag: string, value: SummaryValue): Uint8Array {
  return encodeMessage((summary) =>
    writeMessage(summary, 1, (message) => {
      writeString(message, 1, tag);
      if ('scalar' in value) message.tag(2, WireType.Bit32).float(value.scalar);
      else if ('image' in value) writeMessage(message, 4, (image) => writeImage(image, value.image));
      else writeMessage(message, 5, (histogram) => writeHistogram(histogram, value.histogram));
    }),
  );
}

function writeImage(message: BinaryWriter, { encoded, width, height, channels = 3 }: EncodedImage): void {
  message.tag(1, WireType.Varint).int32(height);
  message.tag(2, WireType.Varint).int32(width);
  message.tag(3, WireType.Varint).int32(channels);
  writeBytes(message, 4, encoded);
}

function writeHistogram(message: BinaryWriter, histogram: Histogram): void {
  const { min, max, num, sum, sumSquares, limits, counts } = histogram;
  for (const [i, value] of [min, max, num, sum, sumSquares].entries())
    if (value !== 0) message.tag(i + 1, WireType.Bit64).double(value);
  for (const [field, list] of [
    [6, limits],
    [7, counts],
  ] as const) {
    writeMessage(message, field, (packed) => {
      for (const value of list) packed.double(value);
    });
  }
}

/** A GraphDef: the nodes with their inputs, as TensorBoard draws them. */
function encodeGraph(graph: Graph): Uint8Array {
  return encodeMessage((definition) => {
    for (const node of graph.nodes) {
      writeMessage(definition, 1, (message) => {
        writeString(message, 1, node.name);
        writeString(message, 2, node.op.name);
        for (const input of node.inputs) writeString(message, 3, input.name);
      });
    }
  });
}
