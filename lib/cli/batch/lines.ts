import { createReadStream } from 'node:fs';

export interface Line {
  readonly text: string;
  /** Bytes of the file up to the end of this line. */
  readonly end: number;
}

/** The lines of a file that are whole: what follows the last end of line is left out. */
export async function* linesOf(path: string): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let end = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, from)) {
      parts.push(chunk.subarray(from, at));
      const line = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
      parts = [];
      end += line.length + 1;
      from = at + 1;
      yield { text: line.toString(), end };
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  }
}
