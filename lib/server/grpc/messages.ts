/** The short messages of the protocol (examples/grpc/open_inference.proto), and those of gRPC's health check. */
import { encodeMessage, WireType, writeMessage, writeString } from '../../formats/protobuf_writer.js';
import { bounds, type ModelMetadata, type ServerMetadata, type TensorMetadata } from '../protocol/index.js';
import type { IndexEntry } from '../repository/index.js';
import { boolField, bytesField, readFields, textField } from './fields.js';
import { writeShape } from './infer_messages.js';

/** ModelReadyRequest, ModelMetadataRequest: a model, and a version where one is told. */
export function decodeModelName(message: Uint8Array): { readonly name: string; readonly version: string | undefined } {
  let [name, version] = ['', ''];
  readFields(message, 'The request', {
    1: textField((text) => {
      name = text;
    }),
    2: textField((text) => {
      version = text;
    }),
  });
  return { name, version: version === '' ? undefined : version };
}

/** ServerLiveResponse, ServerReadyResponse, ModelReadyResponse. */
export function encodeFlag(value: boolean): Uint8Array {
  return encodeMessage((message) => void message.tag(1, WireType.Varint).bool(value));
}

export function encodeServerMetadata({ name, version, extensions }: ServerMetadata): Uint8Array {
  return encodeMessage((message) => {
    writeString(message, 1, name);
    writeString(message, 2, version);
    for (const extension of extensions) writeString(message, 3, extension);
  });
}

export function encodeModelMetadata({ name, versions, platform, inputs, outputs }: ModelMetadata): Uint8Array {
  return encodeMessage((message) => {
    const tensor = (field: number, { name: own, datatype, shape }: TensorMetadata) =>
      writeMessage(message, field, (inner) => {
        writeString(inner, 1, own);
        writeString(inner, 2, datatype);
        writeShape(inner, 3, shape);
      });
    writeString(message, 1, name);
    for (const version of versions) writeString(message, 2, version);
    writeString(message, 3, platform);
    for (const input of inputs) tensor(4, input);
    for (const output of outputs) tensor(5, output);
  });
}

/** RepositoryIndexRequest. */
export function decodeIndexRequest(message: Uint8Array): { readonly ready: boolean } {
  let ready = false;
  readFields(message, 'The request', {
    2: boolField((value) => {
      ready = value;
    }),
  });
  return { ready };
}

export function encodeIndex(entries: readonly IndexEntry[]): Uint8Array {
  return encodeMessage((message) => {
    for (const { name, version, state, reason } of entries)
      writeMessage(message, 1, (entry) => {
        writeString(entry, 1, name);
        writeString(entry, 2, version);
        writeString(entry, 3, state);
        writeString(entry, 4, reason);
      });
  });
}

/** RepositoryModelLoadRequest, RepositoryModelUnloadRequest. */
export function decodeRepositoryRequest(message: Uint8Array): { readonly name: string; readonly parameters: number } {
  let [name, parameters] = ['', 0];
  readFields(message, 'The request', {
    2: textField((text) => {
      name = text;
    }),
    3: bytesField(() => {
      parameters++;
    }),
  });
  return { name, parameters };
}

/** HealthCheckRequest of grpc.health.v1: the name of a service, empty for the server. */
export function decodeHealthRequest(message: Uint8Array): string {
  let service = '';
  readFields(message, 'The request', {
    1: textField((text) => {
      service = text.slice(0, bounds.nameLength);
    }),
  });
  return service;
}

const healthNumbers = { serving: 1, 'not serving': 2, unknown: 3 } as const;
/** Whether a service serves, or is unknown. */
export type Health = keyof typeof healthNumbers;

/** HealthCheckResponse of grpc.health.v1. */
export function encodeHealth(health: Health): Uint8Array {
  return encodeMessage((message) => void message.tag(1, WireType.Varint).uint32(healthNumbers[health]));
}
