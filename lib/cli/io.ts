import {
  isSlimnetError,
  OutputError,
  ownSpelling,
  SlimnetError,
  type Spelling,
  shortened,
  systemReason,
} from '../errors.js';
import { isSystemError } from './output_error.js';

/** Where results go: a stream, or a file. */
export interface ResultOutput {
  readonly isTTY?: boolean;
  write(text: string, done: (error?: Error | null) => void): unknown;
  /** Of streams: tells of the end of one that takes no more. */
  once?(event: 'close', listener: () => void): unknown;
  removeListener?(event: 'close', listener: () => void): unknown;
  /** Of files: takes the last write back. @returns whether there was one */
  takeBack?(): Promise<boolean>;
}

/** What a command sees of the world: results go to `out`, messages to `err`. Tests hand in their own. */
export interface CliIo {
  readonly in: NodeJS.ReadableStream;
  readonly out: ResultOutput;
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Fires when the user wants to stop; its reason is the name of the signal, SIGINT (Ctrl-C) unless told. */
  readonly signal: AbortSignal;
  /** How hints name options; as in code unless told. */
  readonly spelling?: Spelling;
}

/** Exit statuses. */
export const exitStatus = { ok: 0, failed: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

/** The exit status of what a signal ended: 128 and the signal's number, as shells have it. */
export function statusOfSignal(reason: unknown): number {
  return reason === 'SIGTERM' ? exitStatus.terminated : exitStatus.interrupted;
}

/**
 * Writes results and waits until they are taken.
 * @throws OutputError when they are not: the disk is full, their reader has gone away
 */
export async function writeOut(io: CliIo, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    // A write that is under way when its stream is destroyed is never called back.
    const closed = () => reject(new OutputError('Standard output was closed before all was written.'));
    io.out.once?.('close', closed);
    io.out.write(text, (cause) => {
      io.out.removeListener?.('close', closed);
      if (cause === null || cause === undefined) resolve();
      else reject(new OutputError(`Standard output cannot be written: ${systemReason(cause)}.`, { cause }));
    });
  });
}

/**
 * Writes what makes earlier results whole, such as a closing bracket. Where a full disk has no room for it, the last result makes room.
 * @param ending what to write after so many of the results
 * @throws OutputError when a result was given up, or nothing can be written
 */
export async function writeEnd(io: CliIo, results: number, ending: (results: number) => string): Promise<void> {
  try {
    await writeOut(io, ending(results));
  } catch (error) {
    if (results > 0 && (await io.out.takeBack?.()) === true) await writeOut(io, ending(results - 1));
    throw error;
  }
}

/** Writes a message for people. */
export function say(io: CliIo, text: string): void {
  io.err.write(`${text}\n`);
}

/** One line for an error of ours or of the system, the stack for a bug. Hints are for those who call the command. */
export function errorText({ spelling = ownSpelling }: Pick<CliIo, 'spelling'>, thrown: unknown): string {
  const error = SlimnetError.respell(thrown, spelling);
  if (isSlimnetError(error) && error.code !== 'ERR_INTERNAL') return `${error.message} [${error.code}]`;
  if (isSystemError(error)) {
    const where = error.path === undefined ? '' : `${shortened(error.path)}: `;
    return `${where}${error.syscall} was refused: ${systemReason(error)} [${error.code}]`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Why an image is left out, with its name once. */
export function skippedText(io: Pick<CliIo, 'spelling'>, name: string, error: unknown): string {
  const text = errorText(io, error);
  return text.startsWith(`${name}: `) ? text : `${name}: ${text}`;
}

/** Text from outside (names of files, labels) that cannot steer a terminal. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');
}
