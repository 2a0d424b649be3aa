/** Opening a checkpoint of any format, recognised by its contents. */
import { basename, dirname, join } from 'node:path';
import { bytesIn, describe, refuseDetached } from '../core/dtype.js';
import { isUrl, pathOfUrl } from '../core/file_url.js';
import { type Defaults, withDefaults } from '../core/options.js';
import { ArgumentError, CheckpointError } from '../errors.js';
import { crc32c as ownCrc32c } from '../formats/crc32c.js';
import { type ByteSource, memorySource, openFile, throwIfAborted } from './files/byte_source.js';
import { identity } from './files/file_identity.js';
import { isZip } from './files/zip.js';
import { folderOfSavedModel, recognise, recogniseFolder } from './foreign/recognise.js';
import { isHdf5, openKerasArchive, openKerasHdf5 } from './keras/reader.js';
import { checkpointNames, listFolder, locate } from './locate.js';
import { isOnnx, openOnnx } from './onnx/reader.js';
import { openPytorch } from './pytorch/reader.js';
import { CheckpointReader } from './reader.js';
import { similarNames } from './restore/similar_names.js';
import { isSafetensors, openSafetensors } from './safetensors/reader.js';

import { isShardIndex, openShards } from './shards.js';
import { openBundleV2, shardPath } from './tensorflow/bundle_v2.js';
import { kindOfFirstEntry } from './tensorflow/messages.js';
import { openSlicesV1 } from './tensorflow/slices_v1.js';
import { latestCheckpoint } from './tensorflow/state_file.js';
import { isTable, TableReader } from './tensorflow/table_reader.js';
import type { FormatReader, ReadContext, ReadOptions } from './types.js';

/** Where a checkpoint is: a path, a `file:` URL, or the bytes of a file, which must not change while it is open. */
export type CheckpointSource = string | URL | Uint8Array | ArrayBuffer;

const defaults = {
  crc32c: ownCrc32c,
  maxTensorBytes: Number.POSITIVE_INFINITY,
  signal: undefined,
} satisfies Defaults<ReadOptions>;

/** What messages call a checkpoint in memory. */
const memoryName = 'the checkpoint in memory';

/**
 * Opens a checkpoint.
 * @param from a TensorFlow V1 file (also sharded), the prefix or `.index` file of a V2 checkpoint, a safetensors file or the index of
 *   several, a SavedModel, or a folder, which means its newest checkpoint according to its `checkpoint` file, else its `model.safetensors`;
 *   or the bytes of a V1 or safetensors file.
 * @throws CheckpointError when there is none, or it is damaged or of an unknown kind.
 */
export async function openCheckpoint(from: CheckpointSource, options: ReadOptions = {}): Promise<CheckpointReader> {
  const { crc32c, maxTensorBytes, signal } = withDefaults('openCheckpoint', options, defaults);
  if (!(maxTensorBytes >= 0)) {
    throw new ArgumentError(`Expected maxTensorBytes to be a number of bytes, received ${describe(maxTensorBytes)}.`);
  }
  const context: ReadContext = { crc32c, signal };
  const bytes = bytesIn(from);
  const path = bytes === undefined ? checkpointPath(from as string | URL) : memoryName;
  if (new Uint8Array(Uint32Array.of(1).buffer)[0] !== 1) {
    throw new CheckpointError('Checkpoints are read and written on little-endian machines only.', { path });
  }
  throwIfAborted(signal, path);
  if (bytes !== undefined) {
    refuseDetached('checkpoint', bytes);
    const inner = await openSource(memorySource(bytes, memoryName), context);
    return new CheckpointReader(memoryName, inner, options);
  }
  const opened = await openPath(path, context);
  return new CheckpointReader(opened.path, opened.inner, options);
}

/** The path of a checkpoint that is none in memory. @throws ArgumentError */
function checkpointPath(from: string | URL): string {
  const path = isUrl(from) ? pathOfUrl(from, 'checkpoint') : from;
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return path;
  throw new ArgumentError(
    `Expected a checkpoint as a path, a file: URL or the bytes of a file, received ${describe(path)}.`,
  );
}

interface Opened {
  /** For a folder that of its newest checkpoint. */
  readonly path: string;
  readonly inner: FormatReader;
}

async function openPath(path: string, context: ReadContext): Promise<Opened> {
  const location = await locate(path);
  switch (location.kind) {
    case 'index':
      return { path: location.prefix, inner: await openPrefix(location.prefix, context) };
    case 'shards':
      return { path, inner: await withSources(location.paths, (sources) => openSlicesV1(sources, context)) };
    case 'file': {
      const folder = folderOfSavedModel(path);
      return folder === null ? { path, inner: await openByContent(path, context) } : openFolder(folder, context);
    }
    case 'folder':
      return openFolder(path, context);
    case 'none': {
      const near = similarNames(basename(path), await checkpointNames(dirname(path)));
      throw new CheckpointError('There is no checkpoint of that name.', {
        path,
        ...(near.length === 0 ? {} : { hint: `The folder has ${near.join(', ')}.` }),
      });
    }
  }
}

/** What a folder stands for that has no `checkpoint` file: the weights of a SavedModel, or those that Hugging Face's libraries save. */
const folderContents = [
  join('variables', 'variables'),
  ...['model.safetensors', 'model.safetensors.index.json', 'pytorch_model.bin', 'pytorch_model.bin.index.json'],
];

/** What a folder stands for; null where that is nothing. */
export async function checkpointOfFolder(folder: string): Promise<string | null> {
  const latest = await latestCheckpoint(folder);
  if (latest !== null) return latest;
  for (const name of folderContents) {
    const path = join(folder, name);
    if ((await locate(path)).kind !== 'none') return path;
  }
  return null;
}

async function openFolder(folder: string, context: ReadContext): Promise<Opened> {
  const path = await checkpointOfFolder(folder);
  if (path !== null) return openPath(path, context);
  const files = await listFolder(folder);
  const own = files.filter((file) => /\.(index|ckpt|safetensors)$|\.ckpt-\d+$/.test(file)).sort();
  if (own.length > 0) {
    throw new CheckpointError('The folder has no `checkpoint` file that names an existing checkpoint.', {
      path: folder,
      hint: `Give the checkpoint itself, such as ${own.slice(0, 3).join(', ')}.`,
    });
  }
  const { what, hint } = recogniseFolder(files) ?? {
    what: 'a folder without one',
    hint: 'Give the checkpoint itself.',
  };
  throw new CheckpointError(`Expected a TensorFlow or safetensors checkpoint, received ${what}.`, {
    path: folder,
    hint,
  });
}

/** Runs `use` on opened sources and closes them when it fails; otherwise what it returns has taken them over. */
async function withSources<T>(paths: readonly string[], use: (sources: ByteSource[]) => Promise<T>): Promise<T> {
  const sources: ByteSource[] = [];
  try {
    for (const path of paths) sources.push(await openFile(path));
    return await use(sources);
  } catch (error) {
    // The first error is the one to report.
    for (const source of sources) await source.close().catch(() => undefined);
    throw error;
  }
}

/** How often a checkpoint may be saved anew while it is being opened. */
const mostReplacements = 10;

async function openPrefix(prefix: string, context: ReadContext): Promise<FormatReader> {
  const index = `${prefix}.index`;
  for (let replaced = 0; ; replaced++) {
    const before = await identity(index);
    try {
      return await withSources([index], ([source]) => openIndex(source as ByteSource, prefix, context));
    } catch (error) {
      // A save between the two has taken the old data away; the new index names the new data.
      const isMissing = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
      const isNew = (await identity(index))?.version !== before?.version;
      if (!isMissing || !isNew || replaced === mostReplacements) throw error;
    }
  }
}

function openIndex(index: ByteSource, prefix: string, context: ReadContext): Promise<FormatReader> {
  return openBundleV2(index, (shard, shards) => openFile(shardPath(prefix, shard, shards)), context);
}

function openByContent(path: string, context: ReadContext): Promise<FormatReader> {
  return withSources([path], ([file]) => openSource(file as ByteSource, context));
}

async function openSource(source: ByteSource, context: ReadContext): Promise<FormatReader> {
  const { path } = source;
  if (await isTable(source)) {
    const first = await (await TableReader.open(source, context)).first();
    if (first === undefined || kindOfFirstEntry(first.value) !== 'header') return openSlicesV1([source], context);
    const prefix = path.replace(/\.index$/, '');
    if (prefix !== path) return openIndex(source, prefix, context);
    throw new CheckpointError(
      path === memoryName
        ? 'This is the index of a TensorFlow V2 checkpoint, whose values are in other files.'
        : 'This is the index of a TensorFlow V2 checkpoint, but its name does not end in .index.',
      {
        path,
        hint:
          path === memoryName
            ? 'Give its path, or the bytes of a V1 or safetensors file.'
            : 'Rename it, so that its data files can be found.',
      },
    );
  }
  if (await isSafetensors(source)) return openSafetensors(source, context);
  if (isShardIndex(path)) return openShards(source, context);
  if (await isHdf5(source)) return openKerasHdf5(source, context);
  if (await isZip(source)) {
    const opened = (await openPytorch(source, context)) ?? (await openKerasArchive(source, context));
    if (opened !== undefined) return opened;
  }
  if (await isOnnx(source)) return openOnnx(source, context);
  const { what, hint } = await recognise(source);
  throw new CheckpointError(
    `Expected a checkpoint of TensorFlow, safetensors, PyTorch, Keras or ONNX, received ${what}.`,
    {
      path,
      offset: 0,
      hint,
    },
  );
}
