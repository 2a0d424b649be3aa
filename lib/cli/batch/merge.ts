/** Puts the results of shards together: what one run over all images would have written, byte by byte. */
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ArgumentError, DataError, systemReason } from '../../errors.js';
import { crc32c } from '../../formats/crc32c.js';
import { contentOf } from './contents.js';
import { fileFormats } from './formats/index.js';
import {
  assertSameSettings,
  type EndLine,
  type HeadLine,
  isPartLine,
  journalHead,
  journalLines,
  journalOf,
  type PartLine,
} from './journal.js';
import { sameArithmetic } from './probe.js';
import { endLine, type ResultFile, ResultFiles } from './result_files.js';
import { wholeBatch } from './shard.js';

interface FoundShard {
  readonly path: string;
  readonly head: HeadLine;
  readonly end: EndLine;
}

export interface MergeOptions {
  readonly shards: readonly string[];
  /** Where the results go; its format is that of the shards, or Parquet, which is made of JSON lines. */
  readonly output: string;
  readonly format: string;
  /** Where the images that failed go, of shards with --rejects. */
  readonly rejects?: string | undefined;
  readonly signal: AbortSignal;
  /** Told of shards whose results are not quite those that one machine would have. */
  readonly onRemark: (text: string) => void;
}

export interface Merged {
  readonly images: number;
  readonly failed: number;
}

/**
 * Merges shards. All of a batch must be there, each once, and whole.
 * @throws DataError, OutputError, ArgumentError
 */
export async function mergeShards(options: MergeOptions): Promise<Merged> {
  const found: FoundShard[] = [];
  for (const path of options.shards) found.push(await findShard(path));
  const ordered = checkedShards(found, options.onRemark);
  const { head, end } = ordered[0] as FoundShard;
  const { settings, width } = head;
  if (options.format !== settings.format && !(options.format === 'parquet' && settings.format === 'jsonl'))
    throw new ArgumentError(`The shards are ${settings.format}, the output is to be ${options.format}.`, {
      hint: 'the output has the format of the shards; of jsonl it can be parquet.',
    });
  if (settings.format === 'parquet')
    throw new ArgumentError('Shards in Parquet are not merged: readers of Parquet take several files as one table.', {
      hint: 'write shards as .jsonl, and merge them into .parquet, for a single file.',
    });
  const withRejects = settings.rejects === true;
  if (withRejects !== (options.rejects !== undefined))
    throw new ArgumentError(
      withRejects
        ? 'The shards have files of images that failed: expected --rejects, where these go.'
        : 'The shards have no files of images that failed (--rejects).',
    );
  const encoding = (fileFormats[options.format] as (typeof fileFormats)[string])(
    contentOf(String(settings.command), width),
    !withRejects,
  );
  const rejects = options.rejects === undefined ? [] : [{ path: options.rejects, head: new Uint8Array() }];
  const files: ResultFile[] = [
    ...encoding.files.map(({ suffix, head: bytes }) => ({ path: `${options.output}${suffix}`, head: bytes })),
    ...rejects,
  ];
  const sources = await openShards(ordered);
  try {
    refuseOverwriting(files, sources);
    const target = await ResultFiles.open({
      files,
      ending: encoding.ending,
      head: { settings: { ...settings, format: options.format }, shard: wholeBatch, width, probe: head.probe },
      begun: 'replace',
      keep: false,
    });
    try {
      for (let unit = 0; unit < end.units; unit++)
        for await (const { line, images, failed, bytes } of (sources[unit % sources.length] as Source).unit(unit)) {
          options.signal.throwIfAborted();
          await target.add(line, images, failed, bytes);
        }
      for (const source of sources) await source.assertEnd();
      const { images = 0, failed = 0 } = target.last ?? {};
      await target.end({ units: end.units, names: end.names });
      return { images, failed };
    } finally {
      await target.close().catch(() => {});
    }
  } finally {
    for (const source of sources) await source.close();
  }
}

/** @throws DataError */
async function findShard(path: string): Promise<FoundShard> {
  const journal = journalOf(path);
  const head = await journalHead(journal);
  if (head === null)
    throw new DataError('There is no journal beside this file.', {
      path,
      hint: `it is ${journal}, written with --shard; it belongs to the file.`,
    });
  const end = await endLine(journal);
  if (end === null)
    throw new DataError(`Shard ${named(head)} has not ended.`, { path, hint: 'run it again with --resume.' });
  return { path, head, end };
}

function named({ shard }: HeadLine): string {
  return `${shard.index}/${shard.count}`;
}

/** The shards in their order. @throws DataError for gaps, overlaps, and what is not of one batch */
function checkedShards(found: readonly FoundShard[], onRemark: (text: string) => void): FoundShard[] {
  const [first] = found as readonly [FoundShard];
  const { count } = first.head.shard;
  const ordered: (FoundShard | undefined)[] = Array.from({ length: count });
  for (const shard of found) {
    const { path, head, end } = shard;
    if (head.shard.count !== count)
      throw new DataError(`This is shard ${named(head)}, ${first.path} is ${named(first.head)}: not of one batch.`, {
        path,
      });
    assertSameSettings(path, first.head.settings, head.settings, `It was made with other settings than ${first.path}`);
    const other = ordered[head.shard.index];
    if (other !== undefined)
      throw new DataError(`Shard ${named(head)} is there twice: it is ${other.path} as well.`, { path });
    if (end.units !== first.end.units || end.names !== first.end.names)
      throw new DataError(`It saw other images than ${first.path}, or in another order.`, {
        path,
        hint: 'give all shards one list (--from-file): folders may change while shards begin.',
      });
    if (!sameArithmetic(path, first.head.probe, head.probe))
      onRemark(`${path}: its machine computes other bits than that of ${first.path}: the last digits differ.`);
    ordered[head.shard.index] = shard;
  }
  const missing = ordered.flatMap((shard, i) => (shard === undefined ? [i] : []));
  if (missing.length > 0) {
    const some = missing.slice(0, 10).join(', ');
    throw new DataError(
      `${missing.length} of ${count} shards are missing: ${some}${missing.length > 10 ? ', ...' : ''}.`,
    );
  }
  return ordered as FoundShard[];
}

async function openShards(shards: readonly FoundShard[]): Promise<Source[]> {
  const sources: Source[] = [];
  try {
    for (const shard of shards) sources.push(await Source.open(shard));
    return sources;
  } catch (error) {
    for (const source of sources) await source.close();
    throw error;
  }
}

/** @throws ArgumentError where the output is one of the shards' files */
function refuseOverwriting(files: readonly ResultFile[], sources: readonly Source[]): void {
  const taken = new Set(sources.flatMap(({ paths }) => paths.map((path) => resolve(path))));
  const own = files.find(({ path }) => taken.has(resolve(path)));
  if (own !== undefined) throw new ArgumentError('The output is a file of one of the shards.', { path: own.path });
}

/** The parts of a shard, in their order. */
class Source {
  readonly paths: readonly string[];
  readonly #handles: readonly FileHandle[];
  readonly #lines: AsyncGenerator<PartLine>;
  #ends: readonly number[];
  #counts = { images: 0, failed: 0 };
  /** The next part; undefined: there are no more; null: it has not been read. */
  #next: PartLine | undefined | null = null;

  private constructor(shard: FoundShard, paths: readonly string[], handles: readonly FileHandle[]) {
    this.paths = paths;
    this.#handles = handles;
    this.#lines = partLines(journalOf(shard.path));
    this.#ends = shard.head.files.map(({ head }) => head);
  }

  static async open(shard: FoundShard): Promise<Source> {
    // A shard may have been renamed or moved together with what belongs to it.
    const [own] = shard.head.files as readonly [HeadLine['files'][0]];
    const paths = shard.head.files.map(({ path }) =>
      path.startsWith(own.path) ? `${shard.path}${path.slice(own.path.length)}` : join(dirname(shard.path), path),
    );
    const handles: FileHandle[] = [];
    try {
      for (const path of paths) handles.push(await open(path, 'r'));
      return new Source(shard, paths, handles);
    } catch (cause) {
      for (const handle of handles) await handle.close();
      const path = paths[handles.length] as string;
      throw new DataError(`A file of the shard cannot be read: ${systemReason(cause)}.`, { path, cause });
    }
  }

  /** The parts of a unit. @throws DataError where the files do not hold what the journal says */
  async *unit(unit: number) {
    for (let line = await this.#peek(); line !== undefined && line.unit <= unit; line = await this.#peek()) {
      if (line.unit < unit) throw this.#damaged();
      const bytes: Uint8Array[] = [];
      for (const [i, handle] of this.#handles.entries()) {
        const [from, to] = [this.#ends[i] as number, line.ends[i] as number];
        const read = await handle.read(new Uint8Array(to - from), 0, to - from, from);
        if (read.bytesRead !== to - from || crc32c(read.buffer) !== line.crcs[i]) throw this.#damaged(i);
        bytes.push(read.buffer);
      }
      const { images, failed } = this.#counts;
      this.#ends = line.ends;
      this.#counts = line;
      this.#next = null;
      yield { line, images: line.images - images, failed: line.failed - failed, bytes };
    }
  }

  /** @throws DataError where there is more than was taken */
  async assertEnd(): Promise<void> {
    if ((await this.#peek()) !== undefined) throw this.#damaged();
    for (const [i, handle] of this.#handles.entries())
      if ((await handle.stat()).size !== this.#ends[i]) throw this.#damaged(i);
  }

  async close(): Promise<void> {
    await this.#lines.return(undefined);
    for (const handle of this.#handles) await handle.close();
  }

  async #peek(): Promise<PartLine | undefined> {
    if (this.#next === null) {
      const { done, value } = await this.#lines.next();
      this.#next = done === true ? undefined : value;
    }
    return this.#next;
  }

  #damaged(file = 0): DataError {
    return new DataError('The file does not hold what the journal of its shard says.', {
      path: this.paths[file] as string,
      hint: 'run the shard anew.',
    });
  }
}

async function* partLines(journal: string): AsyncGenerator<PartLine> {
  for await (const { value } of journalLines(journal)) if (isPartLine(value)) yield value;
}
