/** The weights of an ONNX file under the names of a network's variables: which are which follows from what the graph computes. */
import { CheckpointReader, type FormatReader, type OnnxGraph, type TensorInfo } from '../../../checkpoint/index.js';
import { arrange } from '../../../checkpoint/restore/arrange.js';
import { carrierOf, type NumericDType } from '../../../core/convert_numbers.js';
import type { TypedArray } from '../../../core/dtype.js';
import type { Tensor } from '../../../core/graph.js';
import { elementCount } from '../../../core/shape.js';
import { preprocessingFor } from '../../../data/preprocessing.js';
import { advice, CheckpointError, type Hint, ShapeError } from '../../../errors.js';
import { type NetworkEntry, network, networkNames } from '../../../slim/nets/registry.js';
import { buildNetwork } from '../../network_graph.js';
import { buildOwnNetwork, isOwn, type OwnEntry } from '../../own_network.js';
import { type Comparison, compareLayers } from './compare.js';
import { fileLayers, imageSizeOf, type StoredParameter } from './file_layers.js';
import { type Layer, LayerTable, softmaxLayer } from './layers.js';
import { networkLayers } from './network_layers.js';
import type { Derivation } from './parameters.js';

type Entry = NetworkEntry | OwnEntry;

/** Outputs of a file that are compared with networks: each number of classes is a network of its own, which has to be built. */
const maxOutputs = 32;

/** What is said where no network of the registry is the file's. */
const others = 'docs/foreign_weights.md says which networks are read, and how a network of your own takes weights.';

/** A network as it is in a file. */
interface Found {
  readonly name: string;
  readonly variables: ReadonlyMap<string, Derivation>;
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly folded: number;
}

/**
 * A checkpoint whose tensors have the names of variables: the very same, but for an ONNX file. Closing it closes the one that is given.
 * @param entry the network whose weights these are; null: whichever of the registry computes the same
 * @throws CheckpointError where the file computes something else, with the first layer that differs
 */
export function namedWeights(reader: CheckpointReader, entry: Entry | null): CheckpointReader {
  const { graph } = reader;
  if (graph === undefined) return reader;
  const found = entry === null ? anyNetwork(reader, graph) : oneNetwork(reader, graph, entry);
  return new CheckpointReader(reader.path, new NamedWeights(reader, graph, found), {});
}

function oneNetwork(reader: CheckpointReader, graph: OnnxGraph, entry: Entry): Found {
  const result = compare(reader, graph, entry, new LayerTable());
  if (result.isSame) return result;
  throw new CheckpointError(`The graph of the ONNX file is not that of ${entry.name}, which ${result.difference}.`, {
    path: reader.path,
    hint: otherNetwork(reader, graph, entry),
  });
}

/** Which network it is, where it is another one. */
function otherNetwork(reader: CheckpointReader, graph: OnnxGraph, { name: wanted }: Entry): Hint {
  const table = new LayerTable();
  const name = networkNames.find((other) => other !== wanted && compare(reader, graph, network(other), table).isSame);
  if (name === undefined) return others;
  return advice([`it is that of ${name}: `, '.'], ['model', name]).or(`it is that of ${name}.`);
}

function anyNetwork(reader: CheckpointReader, graph: OnnxGraph): Found {
  const table = new LayerTable();
  let nearest: { readonly name: string; readonly common: number; readonly difference: string } | null = null;
  for (const name of networkNames) {
    const result = compare(reader, graph, network(name), table);
    if (result.isSame) return result;
    if (nearest === null || result.common > nearest.common) nearest = { name, ...result };
  }
  throw new CheckpointError(
    `The graph of the ONNX file is that of no network here; the nearest, ${nearest?.name}, ${nearest?.difference}.`,
    { path: reader.path, hint: others },
  );
}

type Result = ({ readonly isSame: true } & Found) | Extract<Comparison, { readonly isSame: false }>;

/** Compares a network with all outputs of a file: as logits, and as the features of one without a last layer. */
function compare(reader: CheckpointReader, graph: OnnxGraph, entry: Entry, table: LayerTable): Result {
  const [height, width] = imageSizeOf(graph);
  const size = [height ?? entry.imageSize, width ?? entry.imageSize] as const;
  let best: Result = { isSame: false, common: -1, difference: 'has layers, and the file has none' };
  const distinct = new Map<number, Layer<StoredParameter>>();
  for (const output of fileLayers(graph, reader.tensors, entry.imageSize, table)) {
    const root = withoutSoftmax(output);
    if (!distinct.has(root.id)) distinct.set(root.id, root);
  }
  if (distinct.size > maxOutputs)
    throw new CheckpointError(
      `The graph of the ONNX file has ${distinct.size} different outputs, of which at most ${maxOutputs} are looked at.`,
      { path: reader.path, hint: 'leave the logits alone: onnx.utils.extract_model takes the others away.' },
    );
  const built = new Map<number | undefined, ReturnType<typeof rootsIn>>();
  for (const root of distinct.values()) {
    const roots = built.get(root.depth) ?? rootsIn(entry, root.depth, size);
    built.set(root.depth, roots);
    if (roots === null) return { isSame: false, common: -1, difference: `takes no images of ${size.join('x')} pixels` };
    for (const { graph: built, root: tensor } of roots) {
      const result = compareLayers(networkLayers(tensor, size, table), root);
      if (result.isSame) {
        const shapes = new Map([...built.variables.values()].map(({ name, shape }) => [name, shape]));
        return { ...result, name: entry.name, shapes };
      }
      if (result.common > best.common) best = result;
    }
  }
  return best;
}

function withoutSoftmax<P>(layer: Layer<P>): Layer<P> {
  let below = layer;
  while (below.text === softmaxLayer) below = below.inputs[0] as Layer<P>;
  return below;
}

/** `rootsOf`; null for images that are too small for the network. */
function rootsIn(...of: Parameters<typeof rootsOf>): ReturnType<typeof rootsOf> | null {
  try {
    return rootsOf(...of);
  } catch (error) {
    if (error instanceof ShapeError) return null;
    throw error;
  }
}

/** What of a network a file may end with: its logits, of as many classes as the file has, or what they are made of. */
function rootsOf(
  entry: Entry,
  classes: number | undefined,
  [height, width]: readonly [number, number],
): { readonly graph: Tensor['graph']; readonly root: Tensor }[] {
  const spec = { ...preprocessingFor(entry.preprocessing, entry.imageSize), height, width };
  if (isOwn(entry)) {
    const { graph, outputs } = buildOwnNetwork(entry, classes, spec, 0);
    return outputs.logits === undefined ? [] : [{ graph, root: outputs.logits }];
  }
  const { graph, outputs } = buildNetwork(entry, classes ?? 0, spec, 0);
  return [{ graph, root: outputs.logits ?? outputs.features }];
}

/** Presents the tensors of a file as the values of variables. */
class NamedWeights implements FormatReader {
  readonly format = 'onnx';
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly files: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly graph: OnnxGraph;
  readonly remarks: readonly string[];
  readonly #reader: CheckpointReader;
  readonly #found: Found;

  constructor(reader: CheckpointReader, graph: OnnxGraph, found: Found) {
    this.files = reader.files;
    this.metadata = reader.metadata;
    this.graph = graph;
    this.#reader = reader;
    this.#found = found;
    this.tensors = new Map(
      [...found.variables].map(([name, derivation]) => {
        const shape = found.shapes.get(name) as readonly number[];
        const info = derivation.kind === 'stored' ? reader.tensors.get(derivation.from.tensor) : undefined;
        const dtype = info?.dtype ?? 'float32';
        return [name, { name, dtype, shape, bytes: info?.bytes ?? elementCount(shape) * 4 }];
      }),
    );
    this.remarks = [
      `The graph of the ONNX file is that of ${found.name}.`,
      ...(found.folded === 0
        ? []
        : [
            `${found.folded} batch normalizations are folded into convolutions there; here they keep what they are given.`,
          ]),
    ];
  }

  async load({ name }: TensorInfo, allocate: () => Uint8Array): Promise<void> {
    const derivation = this.#found.variables.get(name) as Derivation;
    if (derivation.kind === 'stored') return this.#stored(derivation.from, allocate());
    const bytes = allocate();
    const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    if (derivation.kind === 'constant') {
      values.fill(derivation.value);
      return;
    }
    // The memory may hold anything.
    if (derivation.from === null) values.fill(0);
    else values.set((await this.#reader.readAs(derivation.from.tensor, 'float32')).data as Float32Array);
    const less =
      derivation.kind === 'difference' ? (await this.#reader.readAs(derivation.minus.tensor, 'float32')).data : null;
    const by = derivation.kind === 'shifted' ? derivation.by : 0;
    for (let i = 0; i < values.length; i++)
      values[i] = (values[i] as number) + by - (less === null ? 0 : (less[i] as number));
  }

  async #stored({ tensor, shape, order }: StoredParameter, target: Uint8Array): Promise<void> {
    const { dtype } = this.#reader.tensors.get(tensor) as TensorInfo & { readonly dtype: NumericDType };
    const { array, bytes } = carrierOf(dtype);
    const values: TypedArray = new array(target.buffer as ArrayBuffer, target.byteOffset, target.length / bytes);
    if (order === undefined) return this.#reader.readInto(tensor, values);
    const stored: TypedArray = new array(values.length);
    await this.#reader.readInto(tensor, stored);
    arrange(stored, shape, order, values);
  }

  loadStrings({ name }: TensorInfo): Promise<Uint8Array[]> {
    return this.#reader.readStrings(name);
  }

  close(): Promise<void> {
    return this.#reader.close();
  }
}
