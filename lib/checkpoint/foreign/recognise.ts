/** What a file is that is no checkpoint which can be read, and how to come from it to one that can. */
import { basename, dirname } from 'node:path';
import { type ByteSource, memorySource, readRange } from '../files/byte_source.js';
import { isTar, tarNames, unpackedStart, zipNames } from './archives.js';

/** A kind of file. */
export interface Foreign {
  /** With its article, such as `a PyTorch file`. */
  readonly what: string;
  /** The way that works. */
  readonly hint: string;
}

/** What is looked at of a file. */
interface Sample {
  readonly path: string;
  readonly size: number;
  readonly head: Uint8Array;
  /** The first bytes as text of one byte a character, for signatures. */
  readonly text: string;
  /** The last bytes, where an archive has its directory. */
  readonly tail: () => Promise<Uint8Array>;
}

const headBytes = 1 << 16;
/** The directory of an archive of some thousand tensors. */
const tailBytes = 1 << 20;
/** Of a compressed file: so few expand to some megabytes at most. */
const compressedBytes = 1 << 12;

const how = 'docs/foreign_weights.md has the lines of Python';
/** Those of PyTorch before 1.6: the others are read. */
const pytorch: Foreign = {
  what: 'an old PyTorch file',
  hint: `save it with a newer PyTorch, or convert it to safetensors: ${how}.`,
};
const graph = (what: string): Foreign => ({
  what,
  hint: 'it holds a graph: take the weights from the program that exported it, and save them as safetensors.',
});

/** Kinds that a few bytes tell; the first that fits counts. */
const signatures: readonly { readonly fits: (sample: Sample) => boolean; readonly kind: Foreign }[] = [
  { fits: ({ size }) => size === 0, kind: { what: 'an empty file', hint: 'copy or download it again.' } },
  {
    fits: ({ path }) => /\.data-\d{5}-of-\d{5}$/.test(path),
    kind: {
      what: 'a data file of a TensorFlow checkpoint',
      hint: 'its .index file is needed as well, in the same folder.',
    },
  },
  {
    fits: ({ text }) => text.startsWith('version https://git-lfs'),
    kind: { what: 'a Git LFS pointer', hint: 'run git lfs pull.' },
  },
  {
    fits: ({ text }) => /^\s*<(!doctype|html|head|body)/i.test(text),
    kind: { what: 'a web page', hint: 'the download failed: its text may say why.' },
  },
  {
    fits: ({ text }) =>
      /^\x89HDF\r\n\x1a\n/.test(text) || [512, 1024, 2048].some((at) => text.startsWith('\x89HDF', at)),
    kind: { what: 'an HDF5 file of Keras', hint: 'give that file.' },
  },
  // The magic number of torch.save before PyTorch 1.6, as a pickle of protocol 2.
  { fits: ({ text }) => text.startsWith('\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.'), kind: pytorch },
  { fits: ({ text }) => /^\x80[\x02-\x05]/.test(text) && /torch/.test(text), kind: pytorch },
  {
    fits: ({ text }) => /^\x80[\x02-\x05]/.test(text) || /^(\([dl]p?\d*\n|c[\w.]+\n\w+\n|[}\]]q.)/s.test(text),
    kind: { what: 'a pickle of Python', hint: `load it in Python and convert the arrays to safetensors: ${how}.` },
  },
  {
    fits: ({ text }) => text.startsWith('\x93NUMPY'),
    kind: { what: 'an array of numpy', hint: `save arrays with their names to safetensors: ${how}.` },
  },
  { fits: ({ text }) => text.slice(4, 8) === 'TFL3', kind: graph('a TensorFlow Lite model') },
  { fits: ({ text }) => text.startsWith('GGUF'), kind: graph('a GGUF model') },
  { fits: ({ text }) => /^\s*<\?xml[^>]*>\s*<net\b|^\s*<net\b/.test(text), kind: graph('an OpenVINO model') },
  {
    fits: ({ path }) => path.endsWith('.meta'),
    kind: { what: "a checkpoint's graph", hint: 'leave the .meta off: the weights are in the files beside it.' },
  },
  {
    fits: ({ path, text }) => /\.(pb|pbtxt)$/.test(path) || /^\n.\n.*?\x12\x0bPlaceholder/s.test(text.slice(0, 400)),
    kind: graph('a graph of TensorFlow'),
  },
  {
    fits: ({ path, text }) => /\.msgpack$/.test(path) || /^[\x80-\x8f\xde\xdf][\xa1-\xbf](params|model)/.test(text),
    kind: {
      what: 'a msgpack file of Flax',
      hint: `load it in Python and convert the arrays to safetensors: ${how}.`,
    },
  },
  {
    fits: ({ text }) => /^\s*(all_)?model_checkpoint_path/.test(text),
    kind: {
      what: 'the state file of a folder of checkpoints',
      hint: 'give the folder, or one of the checkpoints that it names.',
    },
  },
  {
    fits: ({ text }) => /^(BZh|\x28\xb5\x2f\xfd|\xfd7zXZ|7z\xbc\xaf|Rar!)/.test(text),
    kind: { what: 'a compressed file', hint: 'unpack it first.' },
  },
  {
    fits: ({ text }) => /^(\xff\xd8\xff|\x89PNG|GIF8|RIFF|II[*+]\0|MM\0[*+])/.test(text),
    kind: { what: 'an image', hint: 'give the weights of the network here.' },
  },
  {
    fits: ({ text }) => text.startsWith('%PDF'),
    kind: { what: 'a PDF document', hint: 'give the weights of the network here.' },
  },
];

const unknown: Foreign = {
  what: 'a file of an unknown kind',
  hint: 'it was cut off or damaged, or is no checkpoint at all: copy or download it again.',
};

/** Recognises a file by its contents, and where these say little by its name. */
export async function recognise(source: ByteSource): Promise<Foreign> {
  const head = await readRange(source, 0, Math.min(headBytes, source.size), 'The start of the file');
  const sample: Sample = {
    path: source.path,
    size: source.size,
    head,
    text: Buffer.from(head).toString('latin1'),
    tail: () => {
      const length = Math.min(tailBytes, source.size);
      return readRange(source, source.size - length, length, 'The end of the file');
    },
  };
  if (sample.text.startsWith('PK')) return zip(sample);
  if (sample.text.startsWith('\x1f\x8b')) return gzip(sample);
  if (isTar(head)) return tar(sample);
  const known = signatures.find(({ fits }) => fits(sample));
  if (known !== undefined) return known.kind;
  return /^\s*[{[]/.test(sample.text) ? json(sample.text) : unknown;
}

async function zip({ path, head, tail }: Sample): Promise<Foreign> {
  const names = [...zipNames(head, await tail())];
  const has = (pattern: RegExp) => names.some((name) => pattern.test(name));
  if (has(/(^|\/)constants\.pkl$/))
    return { what: 'a TorchScript file of PyTorch', hint: `save its state_dict() to safetensors: ${how}.` };
  if (has(/(^|\/)(serialized_exported_program\.json|models\/.*\.json|archive_format)$/))
    return { what: 'an exported program of PyTorch', hint: `save its state_dict to safetensors: ${how}.` };
  if (has(/(^|\/)data\.pkl$/)) return { what: 'a PyTorch file', hint: 'give that file.' };
  if (has(/\.weights\.h5$/)) return { what: 'a .keras file', hint: 'give that file.' };
  if (has(/\.npy$/)) return { what: 'a file of numpy (.npz)', hint: `convert its arrays to safetensors: ${how}.` };
  return { what: 'a zip archive', hint: unpackHint(`unzip ${basename(path)}`, names) };
}

function tar({ path, head }: Sample): Foreign {
  const names = tarNames(head);
  const isTorch = names.includes('sys_info') || (names.includes('pickle') && names.includes('tensors'));
  return isTorch ? pytorch : { what: 'a tar archive', hint: unpackHint(`tar xf ${basename(path)}`, names) };
}

async function gzip({ path, head }: Sample): Promise<Foreign> {
  const inner = unpackedStart(head.subarray(0, compressedBytes));
  const name = basename(path);
  if (isTar(inner)) return { what: 'a compressed tar archive', hint: unpackHint(`tar xzf ${name}`, tarNames(inner)) };
  const { what, hint } = await recognise(memorySource(inner, path.replace(/\.gz$/, '')));
  if (inner.length === 0 || what === unknown.what)
    return { what: 'a file that gzip compressed', hint: `unpack it first (gunzip ${name}).` };
  return { what: `${what}, compressed by gzip`, hint: `unpack it (gunzip ${name}), then ${hint}` };
}

/** What to unpack, and the file in it that is a checkpoint by its name. */
function unpackHint(command: string, names: readonly string[]): string {
  const inside = names.find((name) => /\.(ckpt|safetensors|index)$|\.ckpt-\d+$/.test(name))?.replace(/\.index$/, '');
  return `unpack it (${command}), and give the checkpoint inside${inside === undefined ? '' : `, ${inside}`}.`;
}

function json(text: string): Foreign {
  if (text.includes('"weight_map"')) {
    return {
      what: 'the index of a PyTorch checkpoint in several files',
      hint: `its name should end in .bin.index.json.`,
    };
  }
  if (text.includes('"weightsManifest"')) return graph('a model of TensorFlow.js');
  return { what: 'a file of JSON', hint: 'it describes a model: give the file of its weights, often beside it.' };
}

/** Folders that programs save models in, by what they hold; the first that fits counts. */
const folders: readonly { readonly holds: RegExp; readonly what: string; readonly hint: string }[] = [
  {
    holds: /^(pytorch_model.*\.bin|.*\.(pth|pt|bin))$/,
    what: 'weights of PyTorch',
    hint: 'give the file of the weights itself.',
  },
  {
    holds: /\.distcp$/,
    what: "PyTorch's distributed checkpoint",
    hint: `join it with torch.distributed.checkpoint.format_utils.dcp_to_torch_save, then convert that to safetensors: ${how}.`,
  },
  {
    holds: /\.(weights\.)?h5$|\.keras$/,
    what: 'weights of Keras',
    hint: 'give the file of the weights itself.',
  },
  {
    holds: /^(manifest\.ocdbt|_METADATA|_CHECKPOINT_METADATA|flax_model.*\.msgpack)$/,
    what: 'weights of JAX',
    hint: `load them in Python and convert the arrays to safetensors: ${how}.`,
  },
  { holds: /\.onnx$/, what: 'an ONNX model', hint: 'give the .onnx file itself.' },
];

/** What a folder holds that has no checkpoint; null where nothing is known of it. */
export function recogniseFolder(files: readonly string[]): Foreign | null {
  const known = folders.find(({ holds }) => files.some((file) => holds.test(file)));
  return known === undefined ? null : { what: `a folder with ${known.what}`, hint: known.hint };
}

/** The folder of a SavedModel, given the path of its graph. */
export function folderOfSavedModel(path: string): string | null {
  return /^saved_model\.pb(txt)?$/.test(basename(path)) ? dirname(path) : null;
}
