/** ModelProto and GraphProto: the graph of an ONNX file, and its tensors (initializers, and what Constant nodes hold). */
import type { Field, MessageFile } from './message_file.js';
import { type OnnxTensor, readEntry, readTensor } from './tensor.js';

/** An attribute of a node; undefined where it is of another kind. */
export interface OnnxAttribute {
  readonly int?: number;
  readonly float?: number;
  readonly text?: string;
  readonly ints?: readonly number[];
}

export interface OnnxNode {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

/** An input or output; null stands for sizes that are open or unknown. */
export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly (number | null)[] | null;
}

/** What a file says of its graph. */
export interface OnnxGraph {
  /** Who wrote it, such as `pytorch`. */
  readonly producer: string;
  /** Version of ONNX's own operators. */
  readonly opset: number;
  /** In an order in which they can be computed. */
  readonly nodes: readonly OnnxNode[];
  /** Without those that have a value in the file. */
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Values of tensors of few elements: shapes, axes, pads, bounds, switches (0 and 1). */
  readonly small: ReadonlyMap<string, readonly number[]>;
}

/** A file's graph, tensors and free text. */
export interface OnnxModel extends Omit<OnnxGraph, 'small'> {
  readonly tensors: ReadonlyMap<string, OnnxTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const maxNodes = 1 << 17;

interface Draft {
  producer: string;
  opset: number;
  metadata: Map<string, string>;
  nodes: OnnxNode[];
  inputs: OnnxValue[];
  outputs: OnnxValue[];
  tensors: Map<string, OnnxTensor>;
}

/** @throws CheckpointError for what is no ONNX model, or a damaged one */
export async function readModel(file: MessageFile): Promise<OnnxModel> {
  const draft: Draft = {
    ...{ producer: '', opset: 0, metadata: new Map(), nodes: [], inputs: [], outputs: [], tensors: new Map() },
  };
  let graphs = 0;
  for await (const field of file.fields('ModelProto', 0, file.source.size)) {
    if (field.number === 2) draft.producer = await file.text(field, 'The producer');
    else if (field.number === 8) await readOpset(file, field, draft);
    else if (field.number === 14) await readEntry(file, field, draft.metadata);
    else if (field.number === 7) {
      if (++graphs > 1) throw file.error('The file has several graphs.', field.start);
      await readGraph(file, field, draft);
    }
  }
  if (graphs === 0)
    throw file.error('The file has no graph.', 0, 'it was cut off, or is no ONNX file at all: copy it again.');
  const { tensors, inputs, metadata } = draft;
  // Older files list their initializers among the inputs.
  const open = inputs.filter(({ name }) => !tensors.has(name));
  return { ...draft, inputs: open, metadata: Object.fromEntries(metadata) };
}

async function readOpset(file: MessageFile, field: Field, draft: Draft): Promise<void> {
  let [domain, version] = ['', 0];
  for await (const part of file.fields('OperatorSetIdProto', ...file.message(field, 'An opset'))) {
    if (part.number === 1) domain = await file.text(part, 'The domain of an opset');
    else if (part.number === 2) version = part.value;
  }
  if (domain === '' || domain === 'ai.onnx') draft.opset = version;
}

async function readGraph(file: MessageFile, graph: Field, draft: Draft): Promise<void> {
  for await (const field of file.fields('GraphProto', ...file.message(graph, 'The graph'))) {
    if (field.number === 1) await readNode(file, field, draft);
    else if (field.number === 5) add(file, field, draft, await readTensor(file, ...file.message(field, 'A tensor')));
    else if (field.number === 11) draft.inputs.push(await readValue(file, field));
    else if (field.number === 12) draft.outputs.push(await readValue(file, field));
    else if (field.number === 15) throw file.error('Sparse tensors are not read.', field.start);
    if (draft.nodes.length + draft.inputs.length + draft.outputs.length + draft.tensors.size > maxNodes)
      throw file.error(`The graph has more than ${maxNodes} nodes and tensors.`, field.start);
  }
}

function add(file: MessageFile, { start }: Field, { tensors }: Draft, tensor: OnnxTensor): void {
  const { name } = tensor.info;
  if (name === '') throw file.error('A tensor has no name.', start);
  if (tensors.has(name)) throw file.error(`There are two tensors named ${JSON.stringify(name)}.`, start);
  tensors.set(name, tensor);
}

async function readNode(file: MessageFile, field: Field, draft: Draft): Promise<void> {
  const node = {
    ...{ op: '', name: '', domain: '' },
    ...{ inputs: [] as string[], outputs: [] as string[], attributes: new Map<string, OnnxAttribute>() },
  };
  let constant: Field | null = null;
  for await (const part of file.fields('NodeProto', ...file.message(field, 'A node'))) {
    if (part.number === 1) node.inputs.push(await file.text(part, 'An input of a node'));
    else if (part.number === 2) node.outputs.push(await file.text(part, 'An output of a node'));
    else if (part.number === 3) node.name = await file.text(part, 'The name of a node');
    else if (part.number === 4) node.op = await file.text(part, 'The op of a node');
    else if (part.number === 7) node.domain = await file.text(part, 'The domain of a node');
    else if (part.number === 5) constant = (await readAttribute(file, part, node.attributes)) ?? constant;
  }
  const [output = ''] = node.outputs;
  const { domain, ...rest } = node;
  if (domain !== '' && domain !== 'ai.onnx') draft.nodes.push({ ...rest, op: `${domain}.${node.op}` });
  else if (node.op === 'Constant' && constant !== null) {
    const [start, end] = file.message(constant, 'The value of a constant');
    add(file, field, draft, await readTensor(file, start, end, output));
  } else draft.nodes.push(rest);
}

/** @returns the tensor of the attribute, where it holds one */
async function readAttribute(
  file: MessageFile,
  field: Field,
  attributes: Map<string, OnnxAttribute>,
): Promise<Field | null> {
  let name = '';
  let tensor: Field | null = null;
  let value: OnnxAttribute = {};
  for await (const part of file.fields('AttributeProto', ...file.message(field, 'An attribute'))) {
    if (part.number === 1) name = await file.text(part, 'The name of an attribute');
    else if (part.number === 2) value = { ...value, float: await file.float(part, `The attribute ${name}`) };
    else if (part.number === 3) value = { ...value, int: part.value };
    else if (part.number === 4) value = { ...value, text: await file.text(part, `The attribute ${name}`) };
    else if (part.number === 5) tensor = part;
    else if (part.number === 8) {
      const ints = [...(value.ints ?? []), ...(await file.integers(part, `The attribute ${name}`, 1024))];
      if (ints.length > 1024) throw file.error(`The attribute ${name} has more than 1024 integers.`, part.start);
      value = { ...value, ints };
    }
  }
  attributes.set(name, value);
  return tensor;
}

/** ValueInfoProto. */
async function readValue(file: MessageFile, field: Field): Promise<OnnxValue> {
  let name = '';
  let shape: (number | null)[] | null = null;
  for await (const part of file.fields('ValueInfoProto', ...file.message(field, 'A value'))) {
    if (part.number === 1) name = await file.text(part, 'The name of a value');
    else if (part.number === 2) shape = await readType(file, part);
  }
  return { name, shape };
}

/** TypeProto: its shape, where it is that of a tensor and has one. */
async function readType(file: MessageFile, field: Field): Promise<(number | null)[] | null> {
  for await (const kind of file.fields('TypeProto', ...file.message(field, 'A type'))) {
    if (kind.number !== 1) continue;
    for await (const part of file.fields('TypeProto.Tensor', ...file.message(kind, 'The type of a tensor'))) {
      if (part.number !== 2) continue;
      const shape: (number | null)[] = [];
      for await (const dim of file.fields('TensorShapeProto', ...file.message(part, 'A shape'))) {
        if (dim.number !== 1) continue;
        if (shape.length >= 16) throw file.error('An input or output has more than 16 dimensions.', dim.start);
        let size: number | null = null;
        for await (const of of file.fields('Dimension', ...file.message(dim, 'A dimension')))
          if (of.number === 1) size = Number.isSafeInteger(of.value) && of.value > 0 ? of.value : null;
        shape.push(size);
      }
      return shape;
    }
  }
  return null;
}
