/**
 * Object-based checkpoints of TensorFlow 2, as tf.train.Checkpoint, Keras and SavedModel write them: V2 files whose keys are paths through
 * objects (`model/layer_with_weights-0/kernel/.ATTRIBUTES/VARIABLE_VALUE`), and a TrackableObjectGraph that describes the objects. TensorFlow's
 * name-based Saver reads them as well, by the full names that the graph has of the variables.
 */
import type { TensorInfo } from '../types.js';
import { bytesField, decodeName, readMessage, type Where } from './messages.js';

/** The key of the graph, a scalar string. */
export const objectGraphKey = '_CHECKPOINTABLE_OBJECT_GRAPH';

/** One attribute of an object that is stored: SerializedTensor. */
interface SerializedTensor {
  readonly fullName: string;
  readonly key: string;
}

/** The stored attributes of all objects in a TrackableObjectGraph, in the graph's order. @throws CheckpointError */
export function readObjectGraph(bytes: Uint8Array, where: Where): SerializedTensor[] {
  const found: SerializedTensor[] = [];
  readMessage(bytes, 'TrackableObjectGraph', where, {
    1: bytesField((node) =>
      readMessage(node, 'TrackableObject', where, {
        2: bytesField((attribute) => found.push(readAttribute(attribute, where))),
      }),
    ),
  });
  return found;
}

function readAttribute(bytes: Uint8Array, where: Where): SerializedTensor {
  let fullName = '';
  let key = '';
  readMessage(bytes, 'SerializedTensor', where, {
    2: bytesField((value) => {
      fullName = decodeName(value, where);
    }),
    3: bytesField((value) => {
      key = decodeName(value, where);
    }),
  });
  return { fullName, key };
}

/**
 * The tensors by the full names of their variables, and by their keys where they have no name of their own: none at all, or one that
 * several variables share. A variable that was stored under several keys (Keras' `export` does so) is there once.
 * @param contents tells whether two tensors hold the same bytes; null where that is not known
 */
export function variablesByName(
  tensors: ReadonlyMap<string, TensorInfo>,
  graph: readonly SerializedTensor[],
  contents: (info: TensorInfo) => string | null,
): ReadonlyMap<string, TensorInfo> {
  const keysOf = new Map<string, string[]>();
  for (const { fullName, key } of graph) {
    if (fullName === '' || tensors.has(fullName) || !tensors.has(key)) continue;
    const keys = keysOf.get(fullName) ?? [];
    if (!keys.includes(key)) keysOf.set(fullName, [...keys, key]);
  }
  const nameOf = new Map<string, string | null>();
  for (const [fullName, keys] of keysOf) {
    const stored = keys.map((key) => contents(tensors.get(key) as TensorInfo));
    const isOne = keys.length === 1 || (stored[0] !== null && stored.every((content) => content === stored[0]));
    if (isOne) for (const [i, key] of keys.entries()) nameOf.set(key, i === 0 ? fullName : null);
  }
  const named = new Map<string, TensorInfo>();
  for (const [key, info] of tensors) {
    const name = nameOf.has(key) ? nameOf.get(key) : key;
    if (name !== null && name !== undefined) named.set(name, info);
  }
  return named;
}
