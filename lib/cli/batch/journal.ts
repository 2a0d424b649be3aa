/**
 * The journal of a batch: a line for what it is, one for each part that is done, one when all are. It says how long the files of results
 * were after each part and what was in them, so that whatever a kill or a loss of power leaves can be brought back to a part that is whole.
 */
import { open } from 'node:fs/promises';
import { DataError } from '../../errors.js';
import { linesOf } from './lines.js';
import type { Place, Whole } from './parts.js';
import type { Shard } from './shard.js';

/** What a batch is: all that its results depend on besides the images. */
export type Settings = Readonly<Record<string, string | number | boolean | null>>;

/** The first line. */
export interface HeadLine {
  readonly slimnet: 'batch';
  readonly version: 1;
  readonly settings: Settings;
  readonly shard: Shard;
  /** Values of a row of the network's output. */
  readonly width: number;
  /** The files of results as seen from the journal, and the bytes of what each begins with. */
  readonly files: readonly { readonly path: string; readonly head: number }[];
  /** What the network makes of one picture: shows whether weights and arithmetic are the same. */
  readonly probe: readonly number[];
}

/** A line for a part. */
export interface PartLine extends Place {
  /** Images up to the end of this part, and how many of them failed. */
  readonly images: number;
  readonly failed: number;
  /** Bytes of each file at the end of this part, and the CRC-32C of what it added. */
  readonly ends: readonly number[];
  readonly crcs: readonly number[];
}

/** The last line. */
export interface EndLine extends Whole {
  readonly ended: true;
}

export interface JournalLine {
  readonly value: HeadLine | PartLine | EndLine;
  /** Bytes of the journal up to the end of this line. */
  readonly end: number;
}

/** The journal of an output. */
export function journalOf(output: string): string {
  return `${output}.journal`;
}

/** The lines of a journal as far as they are whole: a kill may leave a part of one, a loss of power anything. */
export async function* journalLines(path: string): AsyncGenerator<JournalLine> {
  for await (const { text, end } of linesOf(path)) {
    const value = parsed(text);
    if (value === null) return;
    yield { value, end };
  }
}

/**
 * The first line of a journal; null where there is none, or it was not written whole.
 * @throws DataError for a file that is no journal
 */
export async function journalHead(path: string): Promise<HeadLine | null> {
  if (!(await beginsAsJournal(path))) return null;
  for await (const { value } of journalLines(path)) {
    if (!('slimnet' in value)) break;
    if (value.version === 1) return value;
    throw new DataError(`This journal has version ${value.version}, this slimnet knows version 1.`, { path });
  }
  return null;
}

const beginning = '{"slimnet":"batch",';

/** False where there is nothing. @throws DataError for another file, which is not to be written over */
async function beginsAsJournal(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (file === null) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(beginning.length), 0, beginning.length, 0);
    const head = buffer.subarray(0, bytesRead).toString();
    if (!beginning.startsWith(head))
      throw new DataError('Expected a journal of a batch, this is another file.', { path });
    return head === beginning;
  } finally {
    await file.close();
  }
}

export function isPartLine(value: JournalLine['value']): value is PartLine {
  return 'ends' in value;
}

export function isEndLine(value: JournalLine['value']): value is EndLine {
  return 'ended' in value;
}

function parsed(text: string): JournalLine['value'] | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as JournalLine['value']) : null;
  } catch {
    return null;
  }
}

/** @throws DataError that names the first setting that is another one */
export function assertSameSettings(path: string, begun: Settings, now: Settings, where: string): void {
  for (const name of new Set([...Object.keys(begun), ...Object.keys(now)])) {
    if (begun[name] === now[name]) continue;
    throw new DataError(`${where}: ${name} is ${JSON.stringify(now[name])}, was ${JSON.stringify(begun[name])}.`, {
      path,
    });
  }
}
