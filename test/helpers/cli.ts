/** Runs the command line in this process, with streams of its own. */
import { Readable, Writable } from 'node:stream';
import type { CliIo } from '../../lib/cli/io.js';
import { main } from '../../lib/cli/main.js';

/** A stream that keeps what is written. */
export class Sink extends Writable {
  readonly isTTY: boolean;
  text = '';

  constructor(isTTY = false) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer | string, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

export interface CliOptions {
  readonly stdin?: Uint8Array | string;
  /** Whether messages go to a terminal. */
  readonly terminal?: boolean;
  readonly signal?: AbortSignal;
}

export interface CliResult {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** The streams of one command. */
export function fakeIo({
  stdin = '',
  terminal = false,
  signal = new AbortController().signal,
}: CliOptions = {}): CliIo & { readonly out: Sink; readonly err: Sink } {
  return {
    in: Readable.from(stdin.length === 0 ? [] : [Buffer.from(stdin)]),
    out: new Sink(),
    err: new Sink(terminal),
    signal,
  };
}

/** `slimnet <args>`. */
export async function slimnet(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const io = fakeIo(options);
  const status = await main(args, io);
  return { status, out: io.out.text, err: io.err.text };
}
