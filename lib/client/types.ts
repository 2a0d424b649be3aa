/** What callers of a client give and get. */
import type { BytesTensor, NumberTensor, Parameters } from '../server/protocol/types.js';
import type { Picture } from './pictures.js';

export interface CallOptions {
  /** Ends the call; it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Limit of the whole call in milliseconds, further attempts and the pauses before them included; that of the client unless told. */
  readonly timeoutMs?: number;
  /** How often to try again where the server is busy (503, 429) or cannot be reached; that of the client unless told. */
  readonly retries?: number;
}

export interface ModelOptions extends CallOptions {
  /** A version of the model; the one that the server chooses unless told. */
  readonly version?: string;
}

export interface ClassifyOptions extends ModelOptions {
  /** How many classes; 5 unless told, or all where there are fewer. */
  readonly topK?: number;
}

export interface InferOptions extends ModelOptions {
  /** Text that comes back with the answer. */
  readonly id?: string;
  /** What is wanted of the model; all outputs unless told. */
  readonly outputs?: readonly (string | RequestedOutput)[];
  /** Tensors as bytes behind the JSON, which is smaller and quicker; true unless told. False is for servers without the extension. */
  readonly binary?: boolean;
  /** Further parameters of the request, such as `priority` (1 is the most urgent) and `timeout` (microseconds, of the server's work). */
  readonly parameters?: Parameters;
}

export interface RequestedOutput {
  readonly name: string;
  /** So many classes as text instead of the values; `classesOf` reads them. */
  readonly classification?: number;
}

/** An input of a model. Numbers lie in row-major order. */
export type InputTensor =
  | Named<NumberTensor>
  | Named<Omit<BytesTensor, 'data'> & { readonly data: readonly Picture[] }>;
/** The name is `images` unless told, as models of slimnet have it. */
type Named<T extends { readonly name: string }> = T extends unknown
  ? Omit<T, 'name'> & { readonly name?: string }
  : never;

/** Files of images, such as JPEG or PNG, which the server decodes. */
export interface Pictures {
  readonly pictures: readonly Picture[];
}

export type OutputTensor = NumberTensor | BytesTensor;

export interface InferResult {
  readonly id?: string;
  readonly modelName: string;
  /** Empty where the server tells none. */
  readonly modelVersion: string;
  /** By name. */
  readonly outputs: Readonly<Record<string, OutputTensor>>;
}

export interface Prediction {
  readonly index: number;
  /** Where the model has names of classes. */
  readonly label?: string;
  readonly probability: number;
}

export interface Classification {
  readonly modelName: string;
  readonly modelVersion: string;
  /** The most probable first. */
  readonly predictions: readonly Prediction[];
}
