/** ModelInferRequest and ModelInferResponse (examples/grpc/open_inference.proto) as requests and responses of the protocol. */
import {
  type BinaryWriter,
  encodeMessage,
  WireType,
  writeBytes,
  writeMessage,
  writeString,
} from '../../formats/protobuf_writer.js';
import {
  binaryNumbers,
  bounds,
  bytesOf,
  datatypes,
  distinct,
  elements,
  type InferRequest,
  type InferResponse,
  isDatatype,
  type NamedTensor,
  type Parameter,
  type Parameters,
  RequestError,
  type RequestedOutput,
  splitElements,
} from '../protocol/index.js';
import { readContents, writeContents } from './contents.js';
import {
  boolField,
  bytesField,
  doubleField,
  type FieldReader,
  integerField,
  integersField,
  readFields,
  textField,
} from './fields.js';

/** A request, and the model that it is for. */
export interface ModelInferRequest {
  readonly modelName: string;
  /** Empty: the highest one that is ready. */
  readonly modelVersion: string;
  readonly request: InferRequest;
  /** Whether its data are raw: then those of the response are. */
  readonly raw: boolean;
}

/** @param bytes the message; the data of tensors may refer to it @throws RequestError */
export function decodeInferRequest(bytes: Uint8Array): ModelInferRequest {
  let [modelName, modelVersion, id] = ['', '', ''];
  const inputs: InputTensor[] = [];
  const outputs: RequestedOutput[] = [];
  const raw: Uint8Array[] = [];
  const parameters = new ParameterMap('parameters');
  readFields(bytes, 'The request', {
    1: textField((value) => {
      modelName = value;
    }),
    2: textField((value) => {
      modelVersion = value;
    }),
    3: textField((value) => {
      id = bounded(value, 'id', bounds.idLength);
    }),
    4: parameters.field,
    5: bytesField((message) => {
      assertRoom(inputs, 'inputs', bounds.tensors);
      inputs.push(inputTensor(message));
    }),
    6: bytesField((message) => {
      assertRoom(outputs, 'outputs', bounds.outputs);
      outputs.push(requestedOutput(message));
    }),
    7: bytesField((content) => {
      assertRoom(raw, 'raw_input_contents', bounds.tensors);
      raw.push(content);
    }),
  });
  if (inputs.length === 0) throw new RequestError('malformed', 'inputs: expected 1 at least.');
  if (raw.length > 0 && raw.length !== inputs.length)
    throw new RequestError(
      'malformed',
      `raw_input_contents: expected one for each of the ${inputs.length} inputs, received ${raw.length}.`,
    );
  const tensors = inputs.map((input, i) => tensorOf(input, raw[i]));
  distinct(tensors, 'inputs');
  distinct(outputs, 'outputs');
  return {
    ...{ modelName, modelVersion, raw: raw.length > 0 },
    request: {
      ...(id === '' ? {} : { id }),
      parameters: parameters.values(),
      inputs: tensors,
      ...(outputs.length === 0 ? {} : { outputs }),
    },
  };
}

/** A tensor of a request before its data are looked at. */
interface InputTensor {
  name: string;
  datatype: string;
  readonly shape: number[];
  parameters: Parameters;
  /** The field contents; a message may come in pieces. */
  readonly contents: Uint8Array[];
}

function inputTensor(message: Uint8Array): InputTensor {
  const input: InputTensor = { name: '', datatype: '', shape: [], parameters: {}, contents: [] };
  const parameters = new ParameterMap('inputs: parameters');
  readFields(message, 'An input', {
    1: textField((value) => {
      input.name = bounded(value, 'inputs: name', bounds.nameLength);
    }),
    2: textField((value) => {
      input.datatype = bounded(value, 'inputs: datatype', bounds.nameLength);
    }),
    3: integersField((size) => {
      assertRoom(input.shape, `${input.name}: shape`, bounds.dimensions);
      input.shape.push(size);
    }),
    4: parameters.field,
    5: bytesField((content) => {
      assertRoom(input.contents, `${input.name}: contents`, 1);
      input.contents.push(content);
    }),
  });
  return { ...input, parameters: parameters.values() };
}

/** @param raw its data, where they stand apart */
function tensorOf(input: InputTensor, raw: Uint8Array | undefined): NamedTensor {
  const { name, datatype, shape, parameters, contents } = input;
  if (!isDatatype(datatype))
    throw new RequestError('bad_tensor', `${name}: datatype: expected one of ${datatypes.join(', ')}.`);
  if (shape.some((size) => size < 0))
    throw new RequestError('bad_tensor', `${name}: shape: expected sizes of dimensions, received [${shape}].`);
  const count = elements(shape, name);
  const head = { name, shape, parameters };
  if (raw === undefined) return { ...head, ...readContents(contents, datatype, count, name) } as NamedTensor;
  if (contents.length > 0) throw new RequestError('bad_tensor', `${name}: has both contents and raw_input_contents.`);
  if (datatype === 'BYTES') return { ...head, datatype, data: splitElements(raw, count, name) };
  return { ...head, datatype, data: binaryNumbers(raw, datatype, count, name) };
}

function requestedOutput(message: Uint8Array): RequestedOutput {
  let name = '';
  const parameters = new ParameterMap('outputs: parameters');
  readFields(message, 'An output', {
    1: textField((value) => {
      name = bounded(value, 'outputs: name', bounds.nameLength);
    }),
    2: parameters.field,
  });
  return { name, parameters: parameters.values() };
}

/** A field that maps names to parameters. */
class ParameterMap {
  readonly #entries = new Map<string, Parameter>();
  readonly #where: string;

  constructor(where: string) {
    this.#where = where;
  }

  readonly field: FieldReader = bytesField((entry) => {
    let key = '';
    let value: Parameter | undefined;
    const set = (each: Parameter) => {
      value = each;
    };
    readFields(entry, this.#where, {
      1: textField((text) => {
        key = bounded(text, `${this.#where}: a name`, bounds.nameLength);
      }),
      2: bytesField((message) =>
        readFields(message, this.#where, {
          1: boolField(set),
          2: integerField(true, set),
          3: textField(set),
          4: doubleField(set),
          5: integerField(false, set),
        }),
      ),
    });
    if (value === undefined)
      throw new RequestError('malformed', `${this.#where}: ${JSON.stringify(key)} has no value.`);
    this.#entries.set(key, value);
    if (this.#entries.size > bounds.parameters)
      throw new RequestError('malformed', `${this.#where}: expected at most ${bounds.parameters}.`);
  });

  values(): Parameters {
    return Object.fromEntries(this.#entries);
  }
}

function bounded(text: string, where: string, length: number): string {
  if (text.length <= length) return text;
  throw new RequestError('malformed', `${where}: expected text of ${length} characters at most.`);
}

function assertRoom(list: readonly unknown[], where: string, most: number): void {
  if (list.length >= most) throw new RequestError('malformed', `${where}: expected ${most} at most.`);
}

/** @param raw whether data stand apart, as they lie in memory */
export function encodeInferResponse(response: InferResponse, raw: boolean): Uint8Array {
  return encodeMessage((message) => {
    writeString(message, 1, response.modelName);
    writeString(message, 2, response.modelVersion);
    if (response.id !== undefined) writeString(message, 3, response.id);
    for (const tensor of response.outputs)
      writeMessage(message, 5, (output) => {
        writeString(output, 1, tensor.name);
        writeString(output, 2, tensor.datatype);
        writeShape(output, 3, tensor.shape);
        if (!raw) writeMessage(output, 5, (contents) => writeContents(contents, tensor));
      });
    if (raw) for (const tensor of response.outputs) writeBytes(message, 6, bytesOf(tensor));
  });
}

export function writeShape(writer: BinaryWriter, field: number, shape: readonly number[]): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  for (const size of shape) writer.int64(size);
  writer.join();
}
