/** What the parity tests share: small graphs, the small networks of Slim's own tests, fixtures that TensorFlow made. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Graph, type Tensor } from '../../lib/core/graph.js';
import * as slim from '../../lib/slim/index.js';
import * as nets from '../../lib/slim/nets/index.js';

/** Builds into a new graph; gives back the graph and what the body returned. */
export function build<T>(body: () => T, seed = 0): { readonly graph: Graph; readonly value: T } {
  const graph = new Graph({ seed });
  return { graph, value: graph.build(body) };
}

/** Runs `body` in a new graph that is thrown away. */
export function inGraph<T>(body: () => T): T {
  return new Graph().build(body);
}

/** A placeholder for float32 images. */
export function images(shape: readonly (number | null)[] = [2, 8, 8, 3], name = 'images'): Tensor {
  return slim.placeholder('float32', shape, { name });
}

/** The networks of the registry that are Slim's. */
export const slimNetworks = nets.networkNames.filter((name) => nets.networks[name].library === null);

/** The two forms of residual networks. */
export const forms = {
  v1: { resnet: nets.resnetV1, block: nets.resnetV1Block },
  v2: { resnet: nets.resnetV2, block: nets.resnetV2Block },
} as const;

export type Form = keyof typeof forms;

/** The blocks of the small network in Slim's tests. */
export function smallBlocks(form: Form): nets.Block[] {
  const { block } = forms[form];
  return [
    block('block1', { baseDepth: 1, numUnits: 3, stride: 2 }),
    block('block2', { baseDepth: 2, numUnits: 3, stride: 2 }),
    block('block3', { baseDepth: 4, numUnits: 3, stride: 2 }),
    block('block4', { baseDepth: 8, numUnits: 2, stride: 1 }),
  ];
}

/** The small network in Slim's tests, under whatever scope surrounds it. */
export function smallResnet(
  inputs: Tensor,
  options: slim.Options<nets.ResnetV2Options> = {},
  form: Form = 'v1',
): nets.Network {
  return forms[form].resnet(inputs, smallBlocks(form), { scope: 'resnet', ...options });
}

/** Runs `body` under resnetArgScope. */
export function withResnetArgScope<T>(body: () => T): T {
  return slim.argScope(nets.resnetArgScope(), body);
}

/** Shapes of tensors by name. */
export function shapesOf(tensors: Readonly<Record<string, Tensor>>): Record<string, readonly (number | null)[]> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.shape]));
}

/** A fixture below test/golden. */
export function golden<T>(path: string): T {
  return JSON.parse(readFileSync(join(process.cwd(), 'test', 'golden', path), 'utf8')) as T;
}
