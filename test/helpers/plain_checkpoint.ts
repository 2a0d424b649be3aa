/** Checkpoints of the published networks whose weights cost no time to draw: patterns that keep the values small. */
import { writeCheckpoint } from '../../lib/checkpoint/index.js';
import { Graph } from '../../lib/core/graph.js';
import { elementCount } from '../../lib/core/shape.js';
import { loadAddon } from '../../lib/native/binding.js';
import * as slim from '../../lib/slim/index.js';
import * as nets from '../../lib/slim/nets/index.js';

/** Writes a checkpoint of a network of the registry. @param damaged a variable with one NaN @returns its path */
export async function writePlainCheckpoint(
  path: string,
  numClasses: number,
  name: nets.NetworkName = 'resnet_v1_50',
  damaged?: string,
): Promise<string> {
  const graph = new Graph();
  const entry = nets.network(name);
  graph.build(() =>
    slim.argScope(entry.argScope(), () =>
      entry.build(slim.placeholder('float32', [1, 32, 32, 3]), { numClasses, isTraining: false }),
    ),
  );
  await writeCheckpoint(
    path,
    [...graph.variables.values()].map(({ name: variable, shape }) => ({
      name: variable,
      dtype: 'float32',
      shape,
      data: () => {
        const data = values(variable, shape);
        if (variable === damaged) data[data.length >> 1] = Number.NaN;
        return data;
      },
    })),
    { crc32c: loadAddon().crc32c },
  );
  return path;
}

function values(name: string, shape: readonly number[]): Float32Array {
  const data = new Float32Array(elementCount(shape));
  const kind = name.slice(name.lastIndexOf('/') + 1);
  if (kind === 'gamma' || kind === 'moving_variance') return data.fill(1);
  const scale = kind === 'weights' ? 1 / (elementCount(shape.slice(0, -1)) ** 0.5 * 500) : 1e-4;
  // A pattern of 1009 values, over and over: copied, it costs nothing.
  const period = Math.min(1009, data.length);
  for (let i = 0; i < period; i++) data[i] = scale * (((i * 7919) % 1009) - 504);
  for (let done = period; done < data.length; done *= 2) data.copyWithin(done, 0, done);
  return data;
}
