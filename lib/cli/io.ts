import { isSlimnetError } from '../errors.js';

/** What a command sees of the world: results go to `out`, messages to `err`. Tests hand in their own. */
export interface CliIo {
  readonly in: NodeJS.ReadableStream;
  readonly out: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Fires when the user wants to stop (Ctrl-C). */
  readonly signal: AbortSignal;
}

/** Exit statuses. */
export const exitStatus = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Writes results and waits while their reader is slow. A reader that went away (`| head`) is no error. */
export async function writeOut(io: CliIo, text: string): Promise<void> {
  if (io.out.write(text)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      io.out.removeListener('drain', done);
      io.out.removeListener('close', done);
      resolve();
    };
    io.out.once('drain', done);
    io.out.once('close', done);
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
