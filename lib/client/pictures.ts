/** Files of images, in the forms in which programs have them. */
import { describe } from '../core/dtype.js';
import { ArgumentError } from '../errors.js';

/** A file of an image. A stream is read into memory before it is sent, so that it can be sent again. */
export type Picture = Blob | Uint8Array | ArrayBuffer | ReadableStream<Uint8Array>;

/** Its bytes. @throws ArgumentError; the reason of a stream that fails, or of the signal */
export async function pictureBytes(picture: Picture, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  // By their kind and not by `instanceof`, which fails for objects of another frame or realm.
  if (ArrayBuffer.isView(picture))
    return new Uint8Array(picture.buffer as ArrayBuffer, picture.byteOffset, picture.byteLength);
  switch (Object.prototype.toString.call(picture).slice(8, -1)) {
    case 'ArrayBuffer':
      return new Uint8Array(picture as ArrayBuffer);
    case 'Blob':
    case 'File':
      return new Uint8Array(await (picture as Blob).arrayBuffer());
    case 'ReadableStream':
      return readAll(picture as ReadableStream<Uint8Array>, signal);
    default:
      throw new ArgumentError(
        `A picture: expected a Blob, a Uint8Array, an ArrayBuffer or a ReadableStream of bytes, received ${describe(picture)}.`,
      );
  }
}

/** The type of the file where it is known. */
export function pictureType(picture: Picture): string {
  return ('type' in picture && picture.type) || 'application/octet-stream';
}

async function readAll(stream: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  const cancel = () => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener('abort', cancel);
  try {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      if (signal.aborted) throw signal.reason;
      const { done, value } = await reader.read();
      if (signal.aborted) throw signal.reason;
      if (done) break;
      chunks.push(value);
      length += value.byteLength;
    }
    const whole = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      whole.set(chunk, at);
      at += chunk.byteLength;
    }
    return whole;
  } finally {
    signal.removeEventListener('abort', cancel);
    reader.releaseLock();
  }
}
