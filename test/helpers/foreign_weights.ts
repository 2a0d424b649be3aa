/** Weights of other libraries' networks as scripts/golden/foreign.py draws them, under the names of these libraries. */
import { writeCheckpoint } from '../../lib/checkpoint/index.js';
import { elementCount } from '../../lib/core/shape.js';
import type { NetworkName } from '../../lib/slim/nets/index.js';
import { golden } from './golden.js';
import { drawn } from './network_fixtures.js';

/** The registry's networks that have another library's form, and their fixtures below foreign/tensors. */
export const foreignNetworks = {
  resnet_18: 'resnet18',
  resnet_34: 'resnet34',
  resnet_50: 'resnet50',
  resnet_101: 'resnet101',
  resnet_152: 'resnet152',
  keras_resnet_50: 'keras_resnet50',
  keras_resnet_101: 'keras_resnet101',
  keras_resnet_152: 'keras_resnet152',
} as const satisfies Readonly<Partial<Record<NetworkName, string>>>;

export type ForeignNetwork = keyof typeof foreignNetworks;

/** A tensor of another library. */
export interface ForeignTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** All floats are of 32 bits; the counter of a batch normalization in PyTorch is an int64. */
  readonly dtype: 'float32' | 'int64';
}

/** What the library's batch normalizations add to variances. */
export function foreignEpsilons(network: ForeignNetwork): readonly number[] {
  return golden<{ batchNormEpsilons: number[] }>(`foreign/tensors/${foreignNetworks[network]}.json`).batchNormEpsilons;
}

/** All tensors of a network with `numClasses` classes, sorted by name: as torchvision, timm and Keras call them, or as transformers does. */
export function foreignTensors(
  network: ForeignNetwork,
  numClasses = 1000,
  vocabulary: 'usual' | 'transformers' = 'usual',
): readonly ForeignTensor[] {
  const file = `${vocabulary === 'usual' ? '' : 'transformers_'}${foreignNetworks[network]}`;
  const { tensors } = golden<{ tensors: [string, number[]][] }>(`foreign/tensors/${file}.json`);
  return tensors.map(([name, shape]) => ({
    name,
    // No other dimension of these networks has this size.
    shape: shape.map((size) => (size === 1000 ? numClasses : size)),
    dtype: name.endsWith('num_batches_tracked') ? 'int64' : 'float32',
  }));
}

/** Writes the drawn weights of a network as a safetensors file, under other names where told. @returns its path */
export async function writeForeignCheckpoint(
  path: string,
  tensors: readonly ForeignTensor[],
  rename: (name: string) => string = (name) => name,
): Promise<string> {
  await writeCheckpoint(
    path,
    tensors.map(({ name, shape, dtype }, stream) => ({
      name: rename(name),
      dtype,
      shape,
      data: () => (dtype === 'int64' ? new BigInt64Array(1) : valuesOf(name, shape, stream)),
    })),
  );
  return path;
}

function valuesOf(name: string, shape: readonly number[], stream: number): Float32Array {
  const [offset, scale] = distribution(name.slice(Math.max(name.lastIndexOf('.'), name.lastIndexOf('/')) + 1), shape);
  return drawn(elementCount(shape), stream, offset, scale);
}

/** Centre and half width of the values of a kind of tensor. */
function distribution(kind: string, shape: readonly number[]): readonly [number, number] {
  if (kind === 'kernel') return [0, Math.sqrt(3 / elementCount(shape.slice(0, -1)))];
  if (kind === 'weight' && shape.length > 1) return [0, Math.sqrt(3 / elementCount(shape.slice(1)))];
  if (kind === 'weight' || kind === 'gamma') return [1, 0.2];
  return kind === 'running_var' || kind === 'moving_variance' ? [1, 0.5] : [0, 0.1];
}
