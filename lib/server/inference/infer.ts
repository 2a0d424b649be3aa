/** Requests of the protocol, run by a model. What carries them does not matter here. */

import { defined } from '../../core/options.js';
import type { Prediction } from '../../model/index.js';
import { packageVersion } from '../../native/binding.js';
import {
  type InferRequest,
  type InferResponse,
  type ModelCard,
  type ModelMetadata,
  RequestError,
  type ServerMetadata,
} from '../protocol/index.js';
import type { ServedModel } from '../repository/served_model.js';
import type { Turns } from '../turns.js';
import { callOptions } from './call_options.js';
import { imagesOf, inputName } from './images.js';
import { outputTensors, wantedOutputs } from './outputs.js';

/** What holds for a call besides what its request says. */
export interface Call {
  /** Drops it. */
  readonly signal: AbortSignal;
  readonly maxImages: number;
  /** The longest time limit, and the usual one. */
  readonly timeoutMs: number;
  /** The usual one. */
  readonly priority?: number | undefined;
  /** Told of the number of images before they run. */
  readonly onImages?: (count: number) => void;
  /** Tensors are where a run may read them, and stay as they are. */
  readonly borrowed?: boolean;
  /** When results are looked at. */
  readonly turns: Turns;
}

/**
 * Runs a request. Whatever outputs it wants, the model computes all that it has in one run, so that all requests share batches.
 * @throws RequestError, and what `Model.infer` throws
 */
export async function infer(
  { name, version, model }: ServedModel,
  request: InferRequest,
  call: Call,
): Promise<InferResponse> {
  const [input] = request.inputs;
  if (request.inputs.length !== 1 || input?.name !== inputName)
    throw new RequestError(
      'bad_tensor',
      `Expected one input, ${inputName}; received ${request.inputs.map((each) => each.name).join(', ')}.`,
    );
  const wanted = wantedOutputs(model, request);
  const options = callOptions(request.parameters, call);
  const images = await imagesOf(input, model.preprocessing, call.maxImages);
  call.onImages?.(images.length);
  const rows = await model.infer(images, { ...options, signal: call.signal, borrowed: call.borrowed ?? false });
  await call.turns.next();
  return {
    ...(request.id === undefined ? {} : { id: request.id }),
    modelName: name,
    modelVersion: version,
    outputs: outputTensors(wanted, rows, model.labels),
  };
}

/** The most probable classes of one picture. @param topK 5 or all classes unless told @throws like `infer` */
export async function classifyPicture(
  { model }: ServedModel,
  picture: Uint8Array,
  topK: number | undefined,
  call: Call,
): Promise<Prediction[]> {
  if (!model.outputs.includes('predictions'))
    throw new RequestError('malformed', 'The weights have no logits, so there are no classes; infer gives features.');
  if (topK !== undefined && topK > model.numClasses)
    throw new RequestError('malformed', `top_k: expected 1 to ${model.numClasses}, received ${topK}.`);
  call.onImages?.(1);
  const [rows] = await model.infer([picture], {
    ...{ signal: call.signal, timeoutMs: call.timeoutMs },
    ...defined({ priority: call.priority }),
  });
  await call.turns.next();
  return model.top(rows?.predictions as Float32Array, topK ?? Math.min(5, model.numClasses));
}

/** What the server is. */
export function serverMetadata(modelControl: boolean): ServerMetadata {
  return {
    name: 'slimnet',
    version: packageVersion(),
    extensions: [
      'binary_tensor_data',
      'classification',
      'model_configuration',
      'statistics',
      ...(modelControl ? ['model_repository'] : []),
    ],
  };
}

/** What a model takes and gives. */
export function metadataOf({ name, model }: ServedModel, versions: readonly string[]): ModelMetadata {
  const { height, width } = model.preprocessing;
  return {
    name,
    versions,
    platform: 'slimnet',
    inputs: [{ name: inputName, datatype: 'FP32', shape: [-1, height, width, 3] }],
    outputs: model.outputs.map((output) => ({
      ...{ name: output, datatype: 'FP32', shape: [-1, model.outputSize(output)] },
    })),
  };
}

/** What people want to know of a model. */
export function cardOf({ name, version, model }: ServedModel): ModelCard {
  const { height, width } = model.preprocessing;
  return {
    ...{ name, ready: true, version, network: model.name, input: { height, width } },
    ...{ precision: model.precision, device: model.session.device },
    ...{ classes: model.numClasses, labels: model.labels !== null },
  };
}
