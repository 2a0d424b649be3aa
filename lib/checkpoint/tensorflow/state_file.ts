/**
 * The `checkpoint` file in which TensorFlow keeps the names of the checkpoints of a folder: a protocol buffer
 * (CheckpointState) in text form.
 */
import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { decodeText, lines, type TextFailure } from '../../core/text.js';
import { ArgumentError, CheckpointError } from '../../errors.js';
import { writeFileAtomically } from '../files/atomic_write.js';
import { systemError } from '../files/byte_source.js';
import { locate } from '../locate.js';

/** Contents of the `checkpoint` file of a folder. */
export interface CheckpointState {
  /** The newest checkpoint, as `openCheckpoint` takes it. */
  readonly modelCheckpointPath: string;
  /** All that are kept, oldest first. */
  readonly allModelCheckpointPaths: readonly string[];
}

/** Name of the file. */
const stateFileName = 'checkpoint';

const maxStateBytes = 1 << 22;

/**
 * Reads a folder's `checkpoint` file; relative paths in it are relative to the folder, and come back joined to it.
 * @returns null when there is no such file. @throws CheckpointError when it is malformed.
 */
export async function readCheckpointState(folder: string): Promise<CheckpointState | null> {
  const path = join(folder, stateFileName);
  const text = await readText(path);
  if (text === null) return null;
  const state = parseState(text, path);
  const joined = (name: string): string => (isAbsolute(name) ? name : join(folder, name));
  return {
    modelCheckpointPath: joined(state.modelCheckpointPath),
    allModelCheckpointPaths: state.allModelCheckpointPaths.map(joined),
  };
}

async function readText(path: string): Promise<string | null> {
  try {
    // A pipe would be waited for, and a device might never end.
    const found = await stat(path);
    if (found.isFile() && found.size <= maxStateBytes) {
      const fail: TextFailure = (what, details) =>
        new CheckpointError(`The state file cannot be read: ${what}.`, { path, ...details });
      return decodeText(await readFile(path), fail);
    }
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw systemError('The state file cannot be read', path, cause);
  }
  throw new CheckpointError(`Expected a state file of at most ${maxStateBytes} bytes.`, { path });
}

/** A line is a field name, a colon and a value. */
const line = /^\s*([a-z_]+)\s*:\s*(.*?)\s*$/;

/** Fields that say when checkpoints were written: they must be numbers, and are not needed. */
const timestampFields: ReadonlySet<string> = new Set(['all_model_checkpoint_timestamps', 'last_preserved_timestamp']);

function parseState(text: string, path: string): CheckpointState {
  let newest: string | undefined;
  const all: string[] = [];
  for (const [i, row] of lines(text).entries()) {
    if (row.trim() === '' || row.trimStart().startsWith('#')) continue;
    const [, field, value] = line.exec(row) ?? [];
    if (field === undefined || value === undefined)
      throw malformed(path, i, `received ${JSON.stringify(row.slice(0, 80))}`);
    if (field === 'model_checkpoint_path') {
      if (newest !== undefined) throw malformed(path, i, `received ${field} a second time`);
      newest = unquote(value, path, i);
    } else if (field === 'all_model_checkpoint_paths') all.push(unquote(value, path, i));
    else if (!timestampFields.has(field)) throw malformed(path, i, `received the unknown field ${field}`);
    else if (value === '' || !Number.isFinite(Number(value)))
      throw malformed(path, i, `received ${JSON.stringify(value.slice(0, 80))} for ${field}, which is no number`);
  }
  if (newest === undefined || newest === '') throw malformed(path, 0, 'found no model_checkpoint_path');
  return { modelCheckpointPath: newest, allModelCheckpointPaths: all };
}

function malformed(path: string, row: number, what: string): CheckpointError {
  return new CheckpointError(
    `Line ${row + 1}: expected a field such as model_checkpoint_path: "model.ckpt-5", ${what}.`,
    {
      path,
      hint: 'Give the checkpoint itself instead of its folder.',
    },
  );
}

const simpleEscapes: Readonly<Record<string, number>> = {
  n: 10,
  r: 13,
  t: 9,
  '"': 34,
  "'": 39,
  '\\': 92,
  a: 7,
  b: 8,
  f: 12,
  v: 11,
};

/** A quoted string with C escapes; bytes beyond ASCII come as escapes of their UTF-8 form. */
function unquote(value: string, path: string, row: number): string {
  const quote = value[0] ?? '';
  if ((quote !== '"' && quote !== "'") || value.length < 2 || value.at(-1) !== quote) {
    throw malformed(path, row, `received ${JSON.stringify(value.slice(0, 80))}, which is not quoted`);
  }
  const body = value.slice(1, -1);
  const parts: Buffer[] = [];
  for (const [token] of body.matchAll(/\\(?:[0-7]{1,3}|x[0-9a-fA-F]{1,2}|[\s\S]|$)|[^\\]+/g)) {
    if (token[0] !== '\\') {
      if (token.includes(quote)) throw malformed(path, row, 'received a quote within quotes');
      parts.push(Buffer.from(token, 'utf8'));
      continue;
    }
    const code = escapedByte(token.slice(1));
    if (code === undefined) throw malformed(path, row, `received the escape ${JSON.stringify(token)}`);
    parts.push(Buffer.of(code));
  }
  return decodeText(Buffer.concat(parts), () => malformed(path, row, 'received a path that is not UTF-8'));
}

function escapedByte(code: string): number | undefined {
  if (/^[0-7]+$/.test(code)) return Number.parseInt(code, 8) & 0xff;
  if (/^x[0-9a-fA-F]+$/.test(code)) return Number.parseInt(code.slice(1), 16);
  return simpleEscapes[code];
}

function quote(text: string): string {
  let result = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(byte);
    if (character === '"' || character === '\\') result += `\\${character}`;
    else if (character === '\n') result += '\\n';
    else if (byte < 0x20 || byte >= 0x7f) result += `\\${byte.toString(8).padStart(3, '0')}`;
    else result += character;
  }
  return `"${result}"`;
}

/**
 * Writes a folder's `checkpoint` file. Paths within the folder are stored relative to it, so that it can be moved. The
 * newest path is added to the others where it is not the last of them, as TensorFlow does.
 */
export async function updateCheckpointState(
  folder: string,
  state: { modelCheckpointPath: string; allModelCheckpointPaths?: readonly string[] },
): Promise<void> {
  const newest = state.modelCheckpointPath;
  const given = state.allModelCheckpointPaths ?? [];
  const all = given.at(-1) === newest ? given : [...given.filter((path) => path !== newest), newest];
  if (all.some((path) => path === ''))
    throw new ArgumentError('Expected the path of a checkpoint, received an empty string.');
  const stored = (path: string): string => {
    const within = relative(resolve(folder), resolve(path));
    return within === '..' || within.startsWith(`..${sep}`) || isAbsolute(within) ? resolve(path) : within;
  };
  const rows = [
    `model_checkpoint_path: ${quote(stored(newest))}`,
    ...all.map((path) => `all_model_checkpoint_paths: ${quote(stored(path))}`),
  ];
  const text = Buffer.from(`${rows.join('\n')}\n`, 'utf8');
  await writeFileAtomically(join(folder, stateFileName), text);
}

/**
 * The newest checkpoint of a folder if it exists, else null. @throws CheckpointError when the state file is malformed.
 */
export async function latestCheckpoint(folder: string): Promise<string | null> {
  const state = await readCheckpointState(folder);
  if (state === null) return null;
  const { kind } = await locate(state.modelCheckpointPath);
  return kind === 'none' || kind === 'folder' ? null : state.modelCheckpointPath;
}
