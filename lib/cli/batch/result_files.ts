/** The files of a batch's results, and the journal beside them. */
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { makeFolder, removeMadeFolders } from '../../core/make_folder.js';
import { ArgumentError, advice, DataError, OutputError, systemReason } from '../../errors.js';
import { crc32c } from '../../formats/crc32c.js';
import { loadAddon } from '../../native/binding.js';
import { asOutput } from '../output_error.js';
import {
  assertSameSettings,
  type EndLine,
  type HeadLine,
  isEndLine,
  isPartLine,
  journalHead,
  journalLines,
  journalOf,
  type PartLine,
} from './journal.js';
import type { Place, Whole } from './parts.js';

/** A file of results. */
export interface ResultFile {
  /** Its name once all is done; until then it is the same with `.part`. */
  readonly path: string;
  /** What it begins with. */
  readonly head: Uint8Array;
}

/** What turns the files of results into what was asked for, when all are there. */
export interface Ending {
  /** New first bytes of each file, as many as its head has. */
  readonly heads?: (ends: readonly number[]) => readonly Uint8Array[];
  /** Makes another file of the first one. It appears under that one's name in its place. */
  readonly convert?: (from: string, to: string) => Promise<void>;
}

export interface OpenOptions {
  readonly files: readonly ResultFile[];
  readonly ending: Ending;
  readonly head: Omit<HeadLine, 'slimnet' | 'version' | 'files'>;
  /** What becomes of a batch that was begun and has not ended: it goes on, is not touched, or is begun anew. */
  readonly begun: 'resume' | 'refuse' | 'replace';
  /** Whether the journal stays when all is done. */
  readonly keep: boolean;
}

const bufferBytes = 1 << 20;

export class ResultFiles {
  /** The last part that is done; null: none. */
  #last: PartLine | null;
  /** True where nothing was left to do. */
  readonly ended: EndLine | null;
  readonly #options: OpenOptions;
  readonly #journalPath: string;
  readonly #journal: FileHandle;
  readonly #handles: readonly FileHandle[];
  #ends: number[];
  #journalEnd: number;

  private constructor(
    options: OpenOptions,
    opened: readonly FileHandle[],
    found: { readonly last: PartLine | null; readonly ended: EndLine | null; readonly journalEnd: number },
  ) {
    this.#options = options;
    this.#journalPath = journalOf((options.files[0] as ResultFile).path);
    [this.#journal, ...this.#handles] = opened as [FileHandle, ...FileHandle[]];
    this.#last = found.last;
    this.ended = found.ended;
    this.#journalEnd = found.journalEnd;
    this.#ends = found.last === null ? options.files.map(({ head }) => head.length) : [...found.last.ends];
  }

  /**
   * Begins a batch, or goes on with one: what its files hold is compared with the journal, and cut off behind the last part that is whole.
   * @throws OutputError where the files cannot be written; DataError where the journal is that of another batch; ArgumentError where there
   *   is one that has not ended, and it is not to go on
   */
  static async open(options: OpenOptions): Promise<ResultFiles> {
    const path = journalOf((options.files[0] as ResultFile).path);
    return asOutput(async () => {
      for (const file of options.files) await assertFile(file.path);
      await assertFile(path);
      const folders = options.files.map((file) => dirname(file.path));
      const made: (string | null)[] = [];
      for (const folder of folders) made.push(await makeFolder(folder));
      const handles = [
        await openOrCreate(path).catch(async (error: unknown) => {
          for (const [i, folder] of folders.entries()) await removeMadeFolders(made[i] as string | null, folder);
          throw error;
        }),
      ];
      try {
        const [journal] = handles as [FileHandle];
        if (loadAddon().lockFile(journal.fd) === 'taken') throw notAlone(path);
        const begun = await journalHead(path);
        if (begun === null || options.begun === 'replace' || (await endLine(path)) !== null) {
          if (begun === null || options.begun !== 'resume') return await ResultFiles.#begin(options, path, handles);
        } else if (options.begun === 'refuse')
          throw new ArgumentError('A batch with this output was begun and has not ended.', {
            path,
            hint: advice(['', ' goes on with it; to begin anew, remove this file.'], 'resume'),
          });
        assertSameSettings(path, begun.settings, options.head.settings, 'The batch was begun with other settings');
        const [was, is] = [begun.shard, options.head.shard].map(({ index, count }) => `${index}/${count}`);
        if (was !== is) throw new DataError(`This is shard ${was} of a batch, not ${is}.`, { path });
        return await ResultFiles.#goOn(options, path, handles);
      } catch (error) {
        for (const handle of handles) await handle.close();
        throw error;
      }
    });
  }

  /** @param handles of the journal, and of the files as they are opened */
  static async #begin(options: OpenOptions, path: string, handles: FileHandle[]): Promise<ResultFiles> {
    const [journal] = handles as [FileHandle];
    await journal.truncate(0);
    for (const file of options.files) {
      const handle = await open(pending(file), 'w+');
      handles.push(handle);
      await writeAll(handle, file.head, 0, pending(file));
    }
    const at = options.files.map((file) => ({ path: relative(dirname(path), file.path), head: file.head.length }));
    const head: HeadLine = { slimnet: 'batch', version: 1, ...options.head, files: at };
    const line = Buffer.from(`${JSON.stringify(head)}\n`);
    await writeAll(journal, line, 0, path);
    return new ResultFiles(options, handles, { last: null, ended: null, journalEnd: line.length });
  }

  /** @param handles as for `#begin` */
  static async #goOn(options: OpenOptions, path: string, handles: FileHandle[]): Promise<ResultFiles> {
    const ended = await endLine(path);
    if (ended !== null) return new ResultFiles(options, handles, { last: await lastPart(path), ended, journalEnd: 0 });
    for (const file of options.files) handles.push(await openOrCreate(pending(file)));
    const [journal, ...results] = handles as [FileHandle, ...FileHandle[]];
    const { last, journalEnd } = await wholeParts(path, options.files, results);
    await journal.truncate(journalEnd);
    for (const [i, file] of options.files.entries()) {
      const handle = results[i] as FileHandle;
      // At its end the batch may have been about to write another one.
      await writeAll(handle, file.head, 0, pending(file));
      await handle.truncate(last?.ends[i] ?? file.head.length);
    }
    return new ResultFiles(options, handles, { last, ended: null, journalEnd });
  }

  /** The last part that is done, and how many images there were until then. */
  get last(): PartLine | null {
    return this.#last;
  }

  /** Bytes of each file. */
  get ends(): readonly number[] {
    return this.#ends;
  }

  /**
   * Adds the results of a part. Once this has returned no kill can lose them.
   * @param bytes what is added to each file
   * @throws OutputError; then the files are as they were
   */
  async add(place: Place, images: number, failed: number, bytes: readonly Uint8Array[]): Promise<void> {
    await asOutput(async () => {
      await this.#assertAlone();
      const ends = this.#ends.map((end, i) => end + (bytes[i] as Uint8Array).length);
      for (const [i, handle] of this.#handles.entries())
        await writeAll(handle, bytes[i] as Uint8Array, this.#ends[i] as number, this.#pathOf(i));
      const { unit, index, names } = place;
      const crcs = bytes.map((each) => crc32c(each));
      const line: PartLine = {
        ...{ unit, index, names, ends, crcs },
        images: (this.#last?.images ?? 0) + images,
        failed: (this.#last?.failed ?? 0) + failed,
      };
      const text = Buffer.from(`${JSON.stringify(line)}\n`);
      await writeAll(this.#journal, text, this.#journalEnd, this.#journalPath);
      this.#journalEnd += text.length;
      this.#last = line;
      this.#ends = ends;
    });
  }

  /** Gives the files their names: each step can be done again after a kill. @throws OutputError */
  async end(whole: Whole): Promise<void> {
    const { files, ending } = this.#options;
    await asOutput(async () => {
      if (this.ended === null) {
        await this.#assertAlone();
        for (const [i, head] of (ending.heads?.(this.#ends) ?? []).entries())
          await writeAll(this.#handles[i] as FileHandle, head, 0, this.#pathOf(i));
        for (const handle of this.#handles) await handle.sync();
        if (ending.convert !== undefined) await this.#convert(ending.convert);
        const line: EndLine = { ended: true, ...whole };
        await writeAll(this.#journal, Buffer.from(`${JSON.stringify(line)}\n`), this.#journalEnd, this.#journalPath);
        await this.#journal.sync();
      }
      await this.close();
      for (const [i, file] of files.entries()) {
        const converted = i === 0 && ending.convert !== undefined;
        await renameIfThere(converted ? `${pending(file)}.done` : pending(file), file.path);
        if (converted) await rm(pending(file), { force: true });
        if ((await stat(file.path).catch(() => null)) === null)
          throw new DataError('The journal beside it says that this file was finished, and it is not there.', {
            path: file.path,
            hint: 'remove the journal to begin anew.',
          });
      }
      await syncFolder(dirname((files[0] as ResultFile).path));
      if (!this.#options.keep) await rm(this.#journalPath, { force: true });
    });
  }

  /** Leaves the files as they are, to go on with. */
  async close(): Promise<void> {
    for (const handle of [this.#journal, ...this.#handles]) await handle.close();
  }

  #pathOf(file: number): string {
    return pending(this.#options.files[file] as ResultFile);
  }

  async #convert(convert: (from: string, to: string) => Promise<void>): Promise<void> {
    const from = pending(this.#options.files[0] as ResultFile);
    await convert(from, `${from}.done`);
    const handle = await open(`${from}.done`, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  /** Some file systems have no locks. @throws OutputError where another process has written to the journal */
  async #assertAlone(): Promise<void> {
    const [own, there] = [await this.#journal.stat(), await stat(this.#journalPath).catch(() => null)];
    if (there === null || there.ino !== own.ino || there.size !== this.#journalEnd) throw notAlone(this.#journalPath);
  }
}

function notAlone(path: string): OutputError {
  return new OutputError('Another process writes the same output.', {
    path,
    hint: 'let one of them go on with it alone.',
  });
}

function pending({ path }: ResultFile): string {
  return `${path}.part`;
}

async function assertFile(path: string): Promise<void> {
  const info = await stat(path).catch(() => null);
  if (info !== null && !info.isFile())
    throw new OutputError('Expected the name of a file, this is a folder, device or pipe.', { path });
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return open(path, 'w+');
  }
}

export async function endLine(journal: string): Promise<EndLine | null> {
  for await (const { value } of journalLines(journal)) if (isEndLine(value)) return value;
  return null;
}

async function lastPart(journal: string): Promise<PartLine | null> {
  let last: PartLine | null = null;
  for await (const { value } of journalLines(journal)) if (isPartLine(value)) last = value;
  return last;
}

/** Reads journal and files together, as far as the files hold what the journal says. */
async function wholeParts(
  journal: string,
  files: readonly ResultFile[],
  handles: readonly FileHandle[],
): Promise<{ readonly last: PartLine | null; readonly journalEnd: number }> {
  let last: PartLine | null = null;
  let journalEnd = 0;
  for await (const { value, end } of journalLines(journal)) {
    if (isPartLine(value)) {
      const starts: readonly number[] = last?.ends ?? files.map(({ head }) => head.length);
      let isWhole = true;
      for (const [i, handle] of handles.entries())
        isWhole &&= (await crcOf(handle, starts[i] as number, value.ends[i] as number)) === value.crcs[i];
      if (!isWhole) break;
      last = value;
    }
    journalEnd = end;
  }
  return { last, journalEnd };
}

/** The CRC-32C of a part of a file; null where the file is shorter. */
async function crcOf(handle: FileHandle, from: number, to: number): Promise<number | null> {
  const buffer = new Uint8Array(Math.min(bufferBytes, Math.max(0, to - from)));
  let crc = 0;
  for (let at = from; at < to; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, to - at), at);
    if (bytesRead === 0) return null;
    crc = crc32c(buffer.subarray(0, bytesRead), crc);
    at += bytesRead;
  }
  return crc;
}

/** @param path for messages: the system names no file that is open */
async function writeAll(handle: FileHandle, bytes: Uint8Array, at: number, path: string): Promise<void> {
  try {
    for (let done = 0; done < bytes.length; )
      done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
  } catch (cause) {
    throw new OutputError(`The file cannot be written: ${systemReason(cause)}.`, { path, cause });
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Without this a loss of power could forget the names. Systems that cannot synchronise folders do not need it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  if (handle === null) return;
  try {
    await handle.sync();
  } catch (cause) {
    if (!['EISDIR', 'EPERM', 'EINVAL', 'EACCES'].includes((cause as NodeJS.ErrnoException).code ?? ''))
      throw new OutputError(`The folder cannot be synchronised to the disk: ${systemReason(cause)}.`, {
        path: folder,
        cause,
      });
  } finally {
    await handle.close();
  }
}
