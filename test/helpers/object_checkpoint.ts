/** Object-based checkpoints of TensorFlow 2: object graphs of real models (scripts/golden/make_object_graphs.py) with weights of one's own. */
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { writeCheckpoint } from '../../lib/checkpoint/index.js';
import { openCheckpoint } from '../../lib/checkpoint/open.js';
import { readObjectGraph } from '../../lib/checkpoint/tensorflow/object_graph.js';
import { allocate, type DType, type TypedArray } from '../../lib/core/dtype.js';
import { elementCount } from '../../lib/core/shape.js';
import { loadAddon } from '../../lib/native/binding.js';
import { golden, goldenFolder } from './golden.js';

/** Who wrote the graph, and how. */
export const objectForms = [
  'keras3_checkpoint',
  'keras3_export',
  'keras2_checkpoint',
  'keras2_weights',
  'keras2_saved_model',
] as const;

export type ObjectForm = (typeof objectForms)[number];

/** A small checkpoint that TensorFlow wrote whole. */
export const smallObjects = (form: 'keras2' | 'keras3') => join(goldenFolder, 'foreign', 'objects', `small_${form}`);

const unpacked = (text: string) => inflateSync(Buffer.from(text, 'base64'));

/** Writes the checkpoint of a ResNet50 with weights out of a file that has them by their names in Keras; all else is zero. */
export async function writeObjectCheckpoint(path: string, form: ObjectForm, weights: string): Promise<string> {
  const { graph, tensors } = golden<{ graph: string; tensors: string }>(`foreign/objects/${form}.json`);
  const bytes = unpacked(graph);
  const nameOf = new Map(readObjectGraph(bytes, { path, offset: 0 }).map(({ key, fullName }) => [key, fullName]));
  const rows = JSON.parse(unpacked(tensors).toString()) as [string, DType, number[]][];
  await using reader = await openCheckpoint(weights);
  const read = async (key: string, dtype: DType, shape: readonly number[]): Promise<TypedArray> => {
    const name = nameOf.get(key) ?? '';
    return reader.tensors.has(name) ? (await reader.read(name)).data : allocate(dtype, elementCount(shape));
  };
  await writeCheckpoint(
    path,
    [
      { name: '_CHECKPOINTABLE_OBJECT_GRAPH', dtype: 'string', shape: [], data: [bytes] },
      ...rows.map(([name, dtype, shape]) => ({ name, dtype, shape, data: () => read(name, dtype, shape) })),
    ],
    { crc32c: loadAddon().crc32c },
  );
  return path;
}
