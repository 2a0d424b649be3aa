/**
 * Requests of the Open Inference Protocol out of the bytes that carry them: JSON, or JSON with the data of tensors behind it (the
 * binary tensor extension). Everything comes from outside: nothing is taken that does not fit to the byte.
 */
import { describe } from '../../core/dtype.js';
import { splitElements } from './bytes_elements.js';
import { type Datatype, datatypes, isDatatype, type NumberDatatype, numberType, type Values } from './datatypes.js';
import { RequestError } from './refusal.js';
import type { InferRequest, NamedTensor, Parameters, RequestedOutput } from './types.js';

/** Bounds of what a request may claim. */
export const bounds = {
  dimensions: 8,
  tensors: 16,
  outputs: 16,
  nameLength: 256,
  idLength: 1024,
  parameters: 64,
} as const;
/** Elements of a tensor at most, so that products of dimensions are exact and no shape asks for more than memory holds. */
const mostElements = 2 ** 31;

/**
 * @param body the whole body
 * @param jsonLength the length of its JSON part (header Inference-Header-Content-Length); null: all of it
 * @throws RequestError
 */
export function decodeRequest(body: Uint8Array, jsonLength: number | null): InferRequest {
  if (jsonLength !== null && jsonLength > body.byteLength)
    throw malformed(`Inference-Header-Content-Length is ${jsonLength}, and the body has ${body.byteLength} bytes.`);
  const json = parse(jsonLength === null ? body : body.subarray(0, jsonLength));
  const sections = new Sections(jsonLength === null ? null : body.subarray(jsonLength));
  const request = object(json, 'the request');
  const inputs = list(request.inputs, 'inputs', 1, bounds.tensors).map((input, i) =>
    tensor(object(input, `inputs[${i}]`), `inputs[${i}]`, sections),
  );
  sections.assertEmpty();
  distinct(inputs, 'inputs');
  const outputs = request.outputs === undefined ? undefined : requestedOutputs(request.outputs);
  const id = request.id === undefined ? undefined : text(request.id, 'id', bounds.idLength);
  return {
    ...(id === undefined ? {} : { id }),
    parameters: parameters(request.parameters, 'parameters'),
    inputs,
    ...(outputs === undefined ? {} : { outputs }),
  };
}

/** The binary parts of a body, in the order of the tensors that have one. */
class Sections {
  readonly #bytes: Uint8Array | null;
  #at = 0;

  constructor(bytes: Uint8Array | null) {
    this.#bytes = bytes;
  }

  take(size: number, where: string): Uint8Array {
    if (this.#bytes === null)
      throw malformed(`${where}: binary_data_size needs the header Inference-Header-Content-Length.`);
    const left = this.#bytes.byteLength - this.#at;
    if (size > left) throw malformed(`${where}: binary_data_size is ${size}, and ${left} bytes are left in the body.`);
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  assertEmpty(): void {
    const left = (this.#bytes?.byteLength ?? 0) - this.#at;
    if (left > 0) throw malformed(`The body has ${left} bytes more than its tensors take.`);
  }
}

function tensor(input: Record<string, unknown>, where: string, sections: Sections): NamedTensor {
  const name = text(input.name, `${where}.name`, bounds.nameLength);
  const { datatype } = input;
  if (!isDatatype(datatype))
    throw badTensor(`${name}: datatype: expected one of ${datatypes.join(', ')}, received ${describe(datatype)}.`);
  const shape = dimensions(input.shape, name);
  const count = elements(shape, name);
  const given = parameters(input.parameters, `${where}.parameters`);
  const size = given.binary_data_size;
  const head = { name, shape, parameters: given };
  if (size === undefined) {
    if (input.data === undefined) throw badTensor(`${name}: expected data, or the parameter binary_data_size.`);
    if (datatype === 'BYTES') return { ...head, datatype, data: jsonBytes(input.data, count, given, name) };
    return { ...head, datatype, data: jsonNumbers(input.data, datatype, shape, count, name) };
  }
  if (input.data !== undefined) throw badTensor(`${name}: has both data and binary_data_size.`);
  if (!Number.isSafeInteger(size) || (size as number) < 0)
    throw badTensor(`${name}: binary_data_size: expected a number of bytes, received ${describe(size)}.`);
  const bytes = sections.take(size as number, name);
  if (datatype === 'BYTES') return { ...head, datatype, data: splitElements(bytes, count, name) };
  return { ...head, datatype, data: binaryNumbers(bytes, datatype, count, name) };
}

/**
 * Numbers out of bytes, little endian: a view where they are aligned, else a copy.
 * @throws RequestError where their length is not that of `count` numbers
 */
export function binaryNumbers(bytes: Uint8Array, datatype: NumberDatatype, count: number, name: string): Values {
  const { bytes: each, array: NumberArray } = numberType(datatype);
  if (bytes.byteLength !== count * each)
    throw badTensor(
      `${name}: expected ${count * each} bytes for ${count} elements of ${datatype}, received ${bytes.byteLength}.`,
    );
  const aligned = bytes.byteOffset % each === 0 ? bytes : new Uint8Array(bytes);
  const values = new NumberArray(aligned.buffer as ArrayBuffer, aligned.byteOffset, count);
  if (datatype === 'BOOL' && (values as Uint8Array).some((value) => value > 1))
    throw badTensor(`${name}: expected bytes 0 or 1 for BOOL.`);
  return values;
}

function jsonNumbers(
  data: unknown,
  datatype: NumberDatatype,
  shape: readonly number[],
  count: number,
  name: string,
): Values {
  const { array: NumberArray, bytes, json, least = 0, most: largest = 0 } = numberType(datatype);
  if (json === null) throw badTensor(`${name}: ${datatype} has no form in JSON, only the binary extension.`);
  if (!Array.isArray(data)) throw badTensor(`${name}: data: expected a list, received ${describe(data)}.`);
  // Counted before anything of the size that is claimed is made.
  const flat = flattened(data, shape, count, name);
  const values = new NumberArray(new ArrayBuffer(count * bytes), 0, count);
  for (let i = 0; i < count; i++) {
    const value: unknown = flat[i];
    if (json === 'boolean') {
      if (typeof value !== 'boolean') throw badValue(name, i, 'true or false', value);
      values[i] = value ? 1 : 0;
    } else {
      if (typeof value !== 'number' || value < least || value > largest) throw badValue(name, i, datatype, value);
      if (json === 'number') values[i] = value;
      else if (!Number.isInteger(value)) throw badValue(name, i, datatype, value);
      else if (json === 'bigint') (values as BigInt64Array)[i] = BigInt(value);
      else values[i] = value;
    }
  }
  return values;
}

/** The elements of BYTES in JSON: text, or base64 where the parameter content_type says so. */
function jsonBytes(data: unknown, count: number, { content_type: type }: Parameters, name: string): Uint8Array[] {
  if (type !== undefined && type !== 'base64' && type !== 'text')
    throw badTensor(`${name}: content_type: expected base64 or text, received ${describe(type)}.`);
  if (!Array.isArray(data)) throw badTensor(`${name}: data: expected a list, received ${describe(data)}.`);
  const flat = data.flat(bounds.dimensions);
  if (flat.length !== count) throw wrongCount(name, count, flat.length);
  return flat.map((element: unknown, i) => {
    if (typeof element !== 'string') throw badValue(name, i, 'text', element);
    if (type !== 'base64') return new TextEncoder().encode(element);
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(element) || element.length % 4 !== 0) throw badValue(name, i, 'base64', element);
    return new Uint8Array(Buffer.from(element, 'base64'));
  });
}

/** Data as one list: it is one, or lists in lists as the shape says. */
function flattened(
  data: readonly unknown[],
  shape: readonly number[],
  count: number,
  name: string,
): readonly unknown[] {
  if (!Array.isArray(data[0])) {
    if (data.length !== count) throw wrongCount(name, count, data.length);
    return data;
  }
  let level: readonly unknown[] = data;
  for (const [axis, size] of shape.entries()) {
    const expected = shape.slice(0, axis + 1).reduce((product, each) => product * each, 1);
    if (level.length !== expected) throw wrongNesting(name, shape);
    if (axis === shape.length - 1) break;
    const inner = shape[axis + 1] as number;
    for (const part of level) if (!Array.isArray(part) || part.length !== inner) throw wrongNesting(name, shape);
    level = (level as unknown[][]).flat();
    if (size === 0) break;
  }
  return level;
}

function requestedOutputs(value: unknown): RequestedOutput[] {
  const outputs = list(value, 'outputs', 1, bounds.outputs).map((each, i) => {
    const output = object(each, `outputs[${i}]`);
    return {
      name: text(output.name, `outputs[${i}].name`, bounds.nameLength),
      parameters: parameters(output.parameters, `outputs[${i}].parameters`),
    };
  });
  distinct(outputs, 'outputs');
  return outputs;
}

function parse(bytes: Uint8Array): unknown {
  let json: string;
  try {
    json = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed('The JSON of the request is not UTF-8.');
  }
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw malformed(`The request is no JSON: ${(cause as Error).message}.`);
  }
}

function dimensions(value: unknown, name: string): number[] {
  const shape = list(value, `${name}: shape`, 0, bounds.dimensions);
  for (const size of shape)
    if (!Number.isSafeInteger(size) || (size as number) < 0)
      throw badTensor(`${name}: shape: expected sizes of dimensions, received ${describe(size)}.`);
  return shape as number[];
}

/** The number of elements of a shape. @throws RequestError for more than a tensor has */
export function elements(shape: readonly number[], name: string): number {
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (count > mostElements) throw badTensor(`${name}: the shape [${shape}] has too many elements.`);
  }
  return count;
}

function parameters(value: unknown, where: string): Parameters {
  if (value === undefined) return {};
  const entries = Object.entries(object(value, where));
  if (entries.length > bounds.parameters) throw malformed(`${where}: expected at most ${bounds.parameters}.`);
  for (const [key, parameter] of entries)
    if (!['string', 'number', 'boolean'].includes(typeof parameter))
      throw malformed(`${where}.${key}: expected text, a number, true or false, received ${describe(parameter)}.`);
  return Object.fromEntries(entries) as Parameters;
}

function object(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed(`${where}: expected an object, received ${describe(value)}.`);
  return value as Record<string, unknown>;
}

function list(value: unknown, where: string, least: number, largest: number): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed(`${where}: expected a list, received ${describe(value)}.`);
  if (value.length < least || value.length > largest)
    throw malformed(`${where}: expected ${least} to ${largest} entries, received ${value.length}.`);
  return value as readonly unknown[];
}

function text(value: unknown, where: string, length: number): string {
  if (typeof value !== 'string' || value.length > length)
    throw malformed(`${where}: expected text of ${length} characters at most, received ${describe(value)}.`);
  return value;
}

/** @throws RequestError where a name occurs twice */
export function distinct(named: readonly { readonly name: string }[], where: string): void {
  const names = new Set(named.map(({ name }) => name));
  if (names.size < named.length) throw malformed(`${where}: a name occurs twice.`);
}

const malformed = (message: string) => new RequestError('malformed', message);
const badTensor = (message: string) => new RequestError('bad_tensor', message);
export const badValue = (name: string, i: number, expected: Datatype | string, value: unknown): RequestError =>
  badTensor(`${name}: element ${i}: expected ${expected}, received ${describe(value)}.`);
export const wrongCount = (name: string, expected: number, received: number): RequestError =>
  badTensor(`${name}: expected ${expected} elements, as the shape says, received ${received}.`);
const wrongNesting = (name: string, shape: readonly number[]) =>
  badTensor(`${name}: the lists of data do not have the shape [${shape}].`);
