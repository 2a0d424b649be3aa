/** Reads event files back, independently of the writer: field numbers as in event.proto and summary.proto. */
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { readRecords } from '../../lib/formats/tf_record.js';

/** Fields by number; doubles and floats as their bytes. */
function fields(bytes: Uint8Array): Map<number, (bigint | number | Uint8Array)[]> {
  const reader = new BinaryReader(bytes);
  const found = new Map<number, (bigint | number | Uint8Array)[]>();
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    const value =
      wire === 0 ? BigInt(reader.int64()) : wire === 1 ? reader.double() : wire === 5 ? reader.float() : reader.bytes();
    found.set(field, [...(found.get(field) ?? []), value]);
  }
  return found;
}

const text = (value: unknown) => (value === undefined ? undefined : new TextDecoder().decode(value as Uint8Array));

export interface ReadEvent {
  readonly wallTime: number;
  readonly step: number;
  readonly fileVersion?: string | undefined;
  readonly sessionStatus?: number;
  readonly graphNodes?: readonly {
    name: string | undefined;
    op: string | undefined;
    inputs: readonly (string | undefined)[];
  }[];
  readonly values: readonly {
    readonly tag: string | undefined;
    readonly scalar: number | undefined;
    readonly image: Uint8Array | undefined;
    readonly histogram: Uint8Array | undefined;
  }[];
}

/** The events of a file; a last one that is cut off is left out, as TensorBoard does. */
export function readEvents(file: Uint8Array): ReadEvent[] {
  const events: ReadEvent[] = [];
  try {
    for (const record of readRecords(file, (what) => new Error(what) as never)) events.push(readEvent(record));
  } catch (error) {
    if (!/cut off/.test((error as Error).message)) throw error;
  }
  return events;
}

function readEvent(record: Uint8Array): ReadEvent {
  const event = fields(record);
  const [log] = event.get(7) ?? [];
  const [graph] = event.get(4) ?? [];
  const summary = event.get(5)?.[0];
  return {
    wallTime: event.get(1)?.[0] as number,
    step: Number(event.get(2)?.[0] ?? 0),
    fileVersion: text(event.get(3)?.[0]),
    ...(log === undefined ? {} : { sessionStatus: Number(fields(log as Uint8Array).get(1)?.[0]) }),
    ...(graph === undefined
      ? {}
      : {
          graphNodes: (fields(graph as Uint8Array).get(1) ?? []).map((bytes) => {
            const node = fields(bytes as Uint8Array);
            return { name: text(node.get(1)?.[0]), op: text(node.get(2)?.[0]), inputs: (node.get(3) ?? []).map(text) };
          }),
        }),
    values: (summary === undefined ? [] : (fields(summary as Uint8Array).get(1) ?? [])).map((bytes) => {
      const value = fields(bytes as Uint8Array);
      return {
        tag: text(value.get(1)?.[0]),
        scalar: value.get(2)?.[0] as number | undefined,
        image: value.get(4)?.[0] as Uint8Array | undefined,
        histogram: value.get(5)?.[0] as Uint8Array | undefined,
      };
    }),
  };
}
