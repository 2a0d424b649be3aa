/** Responses of the Open Inference Protocol as bytes: JSON, with the data of tensors behind it where that is asked for. */
import { joinElements } from './bytes_elements.js';
import { numberType } from './datatypes.js';
import { RequestError } from './refusal.js';
import type { InferRequest, InferResponse, NamedTensor } from './types.js';

/** A body, in parts that follow one another. */
export interface EncodedResponse {
  readonly parts: readonly Uint8Array[];
  /** The length of its JSON part where something follows it. */
  readonly jsonLength: number | null;
}

/** The outputs that a request wants in binary form. */
export function binaryOutputs({ parameters, outputs = [] }: InferRequest): (name: string) => boolean {
  const all = parameters.binary_data_output === true;
  const told = new Map(outputs.map((output) => [output.name, output.parameters.binary_data]));
  return (name) => (told.get(name) ?? all) === true;
}

/** @throws RequestError for numbers that JSON does not have */
export function encodeResponse(response: InferResponse, isBinary: (name: string) => boolean): EncodedResponse {
  const sections: Uint8Array[] = [];
  const outputs = response.outputs.map((tensor) => {
    const head = `"name":${JSON.stringify(tensor.name)},"datatype":"${tensor.datatype}","shape":[${tensor.shape}]`;
    if (!isBinary(tensor.name)) return `{${head},"data":${jsonData(tensor)}}`;
    const section = bytesOf(tensor);
    sections.push(section);
    return `{${head},"parameters":{"binary_data_size":${section.byteLength}}}`;
  });
  const id = response.id === undefined ? '' : `"id":${JSON.stringify(response.id)},`;
  const names = `"model_name":${JSON.stringify(response.modelName)},"model_version":${JSON.stringify(response.modelVersion)}`;
  const json = new TextEncoder().encode(`{${id}${names},"outputs":[${outputs.join()}]}`);
  return { parts: [json, ...sections], jsonLength: sections.length === 0 ? null : json.byteLength };
}

/** The data of a tensor as the binary extension, and gRPC's raw contents, have it. */
export function bytesOf(tensor: NamedTensor): Uint8Array {
  if (tensor.datatype === 'BYTES') return joinElements(tensor.data);
  const { buffer, byteOffset, byteLength } = tensor.data;
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

function jsonData(tensor: NamedTensor): string {
  if (tensor.datatype === 'BYTES')
    return JSON.stringify(tensor.data.map((element) => new TextDecoder('utf-8', { fatal: true }).decode(element)));
  const { json } = numberType(tensor.datatype);
  if (json === null)
    throw new RequestError('malformed', `${tensor.name}: ${tensor.datatype} has no form in JSON: ask for binary_data.`);
  if (json === 'boolean') return `[${Array.from(tensor.data as Uint8Array, (value) => value === 1)}]`;
  if (json === 'number' && !(tensor.data as Float32Array).every(Number.isFinite))
    throw new RequestError('failed', `${tensor.name} has values that are NaN or infinite, which JSON has not.`);
  return `[${tensor.data.join()}]`;
}
