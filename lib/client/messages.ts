/** Messages of the protocol as bytes: requests of a client, and answers of a server, in which nothing is taken for granted. */
import { ServerError } from '../errors.js';
import { joinElements } from '../server/protocol/bytes_elements.js';
import { isDatatype, type NumberDatatype, numberType, type Values } from '../server/protocol/datatypes.js';
import type { BytesTensor, NumberTensor, Parameters } from '../server/protocol/types.js';
import type { Answer, Request } from './connection.js';
import type { InferOptions, InferResult, OutputTensor } from './types.js';

const jsonLengthHeader = 'Inference-Header-Content-Length';

/** The bytes of an inference request, as one body. */
export function inferMessage(
  inputs: readonly (NumberTensor | BytesTensor)[],
  { id, outputs, binary = true, parameters = {} }: InferOptions,
): Pick<Request, 'headers' | 'body'> {
  const sections = inputs.map((tensor) => (binary ? sectionOf(tensor) : null));
  const message = {
    ...(id === undefined ? {} : { id }),
    parameters: { ...parameters, ...(binary ? { binary_data_output: true } : {}) },
    inputs: inputs.map((tensor, i) => {
      const { name, datatype, shape } = tensor;
      const section = sections[i];
      if (section !== null)
        return { name, datatype, shape, parameters: { binary_data_size: section?.byteLength ?? 0 } };
      if (tensor.datatype === 'BYTES')
        return { name, datatype, shape, parameters: { content_type: 'base64' }, data: tensor.data.map(base64) };
      return { name, datatype, shape, data: jsonValues(tensor) };
    }),
    ...(outputs === undefined ? {} : { outputs: outputs.map((output) => wish(output, binary)) }),
  };
  const json = new TextEncoder().encode(JSON.stringify(message));
  if (!binary) return { headers: { 'Content-Type': 'application/json' }, body: concatenated([json]) };
  const body = concatenated([json, ...sections.map((section) => section as Uint8Array)]);
  return {
    headers: { 'Content-Type': 'application/octet-stream', [jsonLengthHeader]: String(json.byteLength) },
    body,
  };
}

function wish(output: Exclude<InferOptions['outputs'], undefined>[number], binary: boolean): object {
  const { name, classification } = typeof output === 'string' ? { name: output, classification: undefined } : output;
  return { name, parameters: { binary_data: binary, ...(classification === undefined ? {} : { classification }) } };
}

function sectionOf(tensor: NumberTensor | BytesTensor): Uint8Array {
  if (tensor.datatype === 'BYTES') return joinElements(tensor.data);
  const { buffer, byteOffset, byteLength } = tensor.data;
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

function jsonValues({ datatype, data }: NumberTensor): unknown[] {
  const { json } = numberType(datatype);
  if (json === 'boolean') return Array.from(data as Uint8Array, (value) => value !== 0);
  return Array.from(data as Iterable<number | bigint>, Number);
}

/** In pieces, since a call takes only so many arguments. */
function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.byteLength; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

/** @throws ServerError for what is no answer of the protocol */
export function inferResult(answer: Answer): InferResult {
  const { bytes, headers } = answer;
  const header = headers.get(jsonLengthHeader);
  const jsonLength = header === null ? bytes.byteLength : Number(header);
  if (header === null && /^application\/octet-stream/.test(headers.get('content-type') ?? ''))
    throw wrong(answer, `the header ${jsonLengthHeader} is missing`, {
      hint: `a browser shows it to pages of another origin where the server names it in Access-Control-Expose-Headers.`,
    });
  if (!Number.isSafeInteger(jsonLength) || jsonLength < 0 || jsonLength > bytes.byteLength)
    throw wrong(answer, `${jsonLengthHeader} is ${header}, the body has ${bytes.byteLength} bytes`);
  const message = jsonOf({ ...answer, bytes: bytes.subarray(0, jsonLength) });
  const { id, model_name: modelName, model_version: modelVersion, outputs } = message;
  if (!Array.isArray(outputs)) throw wrong(answer, 'outputs are missing');
  let at = jsonLength;
  const tensors = outputs.map((output: unknown): [string, OutputTensor] => {
    const tensor = object(output) as { name?: unknown; parameters?: Parameters };
    const size = (object(tensor.parameters) as Parameters).binary_data_size;
    if (
      size !== undefined &&
      !(typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 && size <= bytes.byteLength - at)
    )
      throw wrong(answer, `binary_data_size is ${size}, ${bytes.byteLength - at} bytes are left`);
    const section = size === undefined ? null : bytes.subarray(at, at + size);
    at += size ?? 0;
    return [String(tensor.name), outputTensor(answer, tensor, section)];
  });
  if (at !== bytes.byteLength) throw wrong(answer, `${bytes.byteLength - at} bytes are left behind the tensors`);
  return {
    ...(typeof id === 'string' ? { id } : {}),
    modelName: String(modelName ?? ''),
    modelVersion: String(modelVersion ?? ''),
    outputs: Object.fromEntries(tensors),
  };
}

function outputTensor(answer: Answer, tensor: Record<string, unknown>, section: Uint8Array | null): OutputTensor {
  const { name, datatype, shape, data } = tensor;
  if (!isDatatype(datatype) || !Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw wrong(answer, `${name}: no tensor`);
  const count = shape.reduce((product: number, size: number) => product * size, 1);
  const head = { name: String(name), shape: shape as number[] };
  const fits = (length: number) => {
    if (length !== count) throw wrong(answer, `${name}: ${length} elements for the shape [${shape}]`);
  };
  if (datatype === 'BYTES') {
    const elements = section === null ? texts(answer, data) : splitElements(answer, section);
    fits(elements.length);
    return { ...head, datatype, data: elements };
  }
  const values = section === null ? numbers(answer, datatype, data) : fromBytes(answer, datatype, section);
  fits(values.length);
  return { ...head, datatype, data: values };
}

function fromBytes(answer: Answer, datatype: NumberDatatype, section: Uint8Array): Values {
  const { bytes, array: NumberArray } = numberType(datatype);
  if (section.byteLength % bytes !== 0) throw wrong(answer, `${section.byteLength} bytes are no ${datatype}`);
  // A copy, which is aligned, and does not keep the rest of the answer in memory.
  return new NumberArray(section.slice().buffer);
}

function numbers(answer: Answer, datatype: NumberDatatype, data: unknown): Values {
  const { bytes, array: NumberArray, json } = numberType(datatype);
  const flat = Array.isArray(data) ? (data.flat(8) as unknown[]) : [];
  if (json === null || !Array.isArray(data) || !flat.every((value) => ['number', 'boolean'].includes(typeof value)))
    throw wrong(answer, `data of ${datatype} that is none`);
  const values = new NumberArray(new ArrayBuffer(flat.length * bytes));
  flat.forEach((value, i) => {
    if (json === 'bigint') (values as BigInt64Array)[i] = BigInt(value as number);
    else values[i] = Number(value);
  });
  return values;
}

function texts(answer: Answer, data: unknown): Uint8Array[] {
  const flat = Array.isArray(data) ? (data.flat(8) as unknown[]) : [null];
  return flat.map((element) => {
    if (typeof element !== 'string') throw wrong(answer, 'data of BYTES that is no text');
    return new TextEncoder().encode(element);
  });
}

function splitElements(answer: Answer, section: Uint8Array): Uint8Array[] {
  const view = new DataView(section.buffer, section.byteOffset, section.byteLength);
  const elements: Uint8Array[] = [];
  for (let at = 0; at < section.byteLength; ) {
    const length = at + 4 <= section.byteLength ? view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (length > section.byteLength - at - 4) throw wrong(answer, 'BYTES whose lengths do not add up');
    elements.push(section.slice(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return elements;
}

/** The JSON object that an answer is. @throws ServerError */
export function jsonOf(answer: Answer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(answer.bytes));
  } catch {
    throw wrong(answer, 'no JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(answer, 'no object of JSON');
  return value as Record<string, unknown>;
}

const object = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

function wrong({ status }: Answer, what: string, details: { hint?: string } = {}): ServerError {
  return new ServerError(status, `The server's answer is not what the protocol says: ${what}.`, details);
}
