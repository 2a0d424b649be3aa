import { imageFormat } from '../../data/image_format.js';
import { ArgumentError } from '../../errors.js';
import type { CliIo } from '../io.js';
import { peek } from './bytes.js';
import type { Input, InputImage } from './input.js';
import { named } from './named.js';
import { isPathList, listHeadBytes, pathsOf } from './path_list.js';

const maxImageBytes = 512 * 2 ** 20;
const way = { hint: 'pipe in an image, or paths one a line.' };

/**
 * What standard input holds: one image, or a list of paths, one a line (or separated by zero bytes, as `find -print0` writes them), which
 * is read as the work goes.
 * @param mayBeImage false: it is a list
 * @throws ArgumentError where it holds nothing
 */
export async function fromStandardInput(io: CliIo, mayBeImage: boolean): Promise<AsyncGenerator<Input>> {
  const { head, all } = await peek(untilAborted(io), listHeadBytes);
  if (head.length === 0) throw new ArgumentError('Standard input is empty.', way);
  // What is neither an image nor a list is reported by the decoder.
  if (mayBeImage && (imageFormat(head) !== null || !isPathList(head))) {
    const image: InputImage = { name: '-', source: await wholeOf(all) };
    return (async function* () {
      yield image;
    })();
  }
  const paths = pathsOf(all, 'standard input');
  const first = await paths.next();
  if (first.done === true) throw new ArgumentError('Standard input holds no paths.', way);
  return (async function* () {
    yield named(first.value, io);
    for await (const item of paths) yield named(item, io);
  })();
}

async function* untilAborted({ in: stream, signal }: CliIo): AsyncGenerator<Buffer | string> {
  const stop = () => (stream as NodeJS.ReadableStream & { destroy?: (error: Error) => void }).destroy?.(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of stream) yield chunk;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function wholeOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > maxImageBytes) throw new ArgumentError(`Standard input has more than ${maxImageBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
