/** What Triton's extension for model configurations tells of a model, in its form in JSON. */
import type { Datatype, TensorMetadata } from '../protocol/index.js';
import type { ServedModel } from '../repository/index.js';
import { metadataOf } from './infer.js';

/** A tensor without its first dimension, the images of a batch. */
export interface ConfiguredTensor {
  readonly name: string;
  readonly data_type: string;
  readonly dims: readonly number[];
}

export interface ModelConfiguration {
  readonly name: string;
  readonly platform: string;
  readonly backend: string;
  readonly max_batch_size: number;
  readonly input: readonly ConfiguredTensor[];
  readonly output: readonly ConfiguredTensor[];
  readonly dynamic_batching: {
    readonly preferred_batch_size: readonly number[];
    readonly max_queue_delay_microseconds: number;
  };
  /** What may run at the same time. */
  readonly instance_group: readonly {
    readonly name: string;
    readonly kind: 'KIND_CPU' | 'KIND_GPU';
    readonly count: number;
  }[];
}

/** @param maxImages the limit of a request, which clients take max_batch_size for */
export function configurationOf(served: ServedModel, maxImages: number): ModelConfiguration {
  const { name, model } = served;
  const { inputs, outputs, platform } = metadataOf(served, []);
  const { maxBatchSize, maxQueueDelayMs } = model.batching;
  const { executors } = model.stats();
  return {
    ...{ name, platform, backend: platform, max_batch_size: maxImages },
    input: inputs.map(configured),
    output: outputs.map(configured),
    dynamic_batching: {
      preferred_batch_size: [maxBatchSize],
      max_queue_delay_microseconds: 1000 * maxQueueDelayMs,
    },
    instance_group: executors.map(({ count }, i) => ({
      name: `${name}_${i}`,
      kind: model.session.device.startsWith('cuda') ? ('KIND_GPU' as const) : ('KIND_CPU' as const),
      count,
    })),
  };
}

function configured({ name, datatype, shape }: TensorMetadata): ConfiguredTensor {
  return { name, data_type: configuredType(datatype), dims: shape.slice(1) };
}

/** Triton has other names of types in configurations than in requests. */
function configuredType(datatype: Datatype): string {
  return datatype === 'BYTES' ? 'TYPE_STRING' : `TYPE_${datatype}`;
}
