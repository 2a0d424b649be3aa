import { isSlimnetError, OutputError, systemReason } from '../errors.js';

/** What a command sees of the world: results go to `out`, messages to `err`. Tests hand in their own. */
export interface CliIo {
  readonly in: NodeJS.ReadableStream;
  readonly out: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Fires when the user wants to stop; its reason is the name of the signal, SIGINT (Ctrl-C) unless told. */
  readonly signal: AbortSignal;
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
    io.out.once('close', closed);
    io.out.write(text, (cause) => {
      io.out.removeListener('close', closed);
      if (cause === null || cause === undefined) resolve();
      else reject(new OutputError(`Standard output cannot be written: ${systemReason(cause)}.`, { cause }));
    });
  });
}

/** Writes a message for people. */
export function say(io: CliIo, text: string): void {
  io.err.write(`${text}\n`);
}

/** One line for an error of ours, the stack for a bug. */
export function errorText(error: unknown): string {
  if (isSlimnetError(error) && error.code !== 'ERR_INTERNAL') return `${error.message} [${error.code}]`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Text from outside (names of files, labels) that cannot steer a terminal. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');
}
