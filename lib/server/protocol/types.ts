/** Requests and responses of the Open Inference Protocol, whatever carries them. */
import type { Datatype, NumberDatatype, Values } from './datatypes.js';

/** Values of parameters, as the protocol has them. */
export type Parameter = string | number | boolean;
export type Parameters = Readonly<Record<string, Parameter>>;

/** A tensor with its data: numbers in row-major order, or one byte string for each element. */
export type NamedTensor = NumberTensor | BytesTensor;

interface TensorHead {
  readonly name: string;
  readonly shape: readonly number[];
  readonly parameters?: Parameters;
}

export interface NumberTensor extends TensorHead {
  readonly datatype: NumberDatatype;
  readonly data: Values;
}

export interface BytesTensor extends TensorHead {
  readonly datatype: 'BYTES';
  readonly data: readonly Uint8Array[];
}

/** A wish for an output. */
export interface RequestedOutput {
  readonly name: string;
  readonly parameters: Parameters;
}

export interface InferRequest {
  readonly id?: string;
  readonly parameters: Parameters;
  readonly inputs: readonly NamedTensor[];
  /** What is wanted; all outputs unless told. */
  readonly outputs?: readonly RequestedOutput[];
}

export interface InferResponse {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id?: string;
  readonly outputs: readonly NamedTensor[];
}

/** What a model says of one of its tensors; -1 is any number. */
export interface TensorMetadata {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

/** What the server tells people of a model, at `/v1/models/NAME`: what KServe's V1 protocol has there, and more. */
export interface ModelCard {
  readonly name: string;
  readonly ready: boolean;
  readonly version: string;
  /** What the model was built as, such as `resnet_v1_50`. */
  readonly network: string;
  /** Pixels that the network gets. */
  readonly input: { readonly height: number; readonly width: number };
  readonly precision: string;
  readonly device: string;
  readonly classes: number;
  /** Whether the classes have names. */
  readonly labels: boolean;
}

export interface ServerMetadata {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
}
