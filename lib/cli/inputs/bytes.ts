/** Streams of bytes that are looked at before it is known what they are. */

/** The beginning of a stream, and all of it. */
export interface Peeked {
  /** At least so many bytes as were asked for; fewer where there are no more. */
  readonly head: Buffer;
  readonly all: AsyncIterable<Buffer>;
}

export async function peek(stream: AsyncIterable<Buffer | string>, bytes: number): Promise<Peeked> {
  const iterator = stream[Symbol.asyncIterator]();
  const chunks: Buffer[] = [];
  let length = 0;
  let ended = false;
  while (length < bytes && !ended) {
    const { done, value } = await iterator.next();
    if (done === true) ended = true;
    else {
      chunks.push(asBuffer(value));
      length += asBuffer(value).length;
    }
  }
  const head = Buffer.concat(chunks);
  const all = async function* () {
    yield head;
    if (!ended) for await (const chunk of { [Symbol.asyncIterator]: () => iterator }) yield asBuffer(chunk);
  };
  return { head, all: all() };
}

function asBuffer(chunk: Buffer | string): Buffer {
  return typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}
