import type { Model } from '../model/model.js';
import type { ModelOutput } from '../model/network_graph.js';
import type { InputImage } from './inputs.js';
import { type CliIo, errorText, printable, say } from './io.js';
import { sayDefects } from './kernel_text.js';
import { startProgress } from './progress.js';

/**
 * Runs a model over images and hands each row of the output to `take`, in the order of the images. An image that cannot be read
 * is reported and left out.
 * @returns how many images failed
 */
export async function runModel(
  io: CliIo,
  model: Model,
  images: readonly InputImage[],
  output: ModelOutput,
  take: (row: Float32Array, name: string) => Promise<void>,
): Promise<number> {
  const readable = images.filter(({ problem }) => problem === undefined);
  const names = new Map(readable.map(({ source, name }) => [source, name]));
  const progress = startProgress(io, images.length);
  let failed = 0;
  const fail = (name: string, error: unknown) => {
    failed++;
    const text = errorText(error);
    progress.interrupt(() => say(io, `slimnet: ${printable(text.includes(name) ? text : `${name}: ${text}`)}`));
    progress.advance();
  };
  try {
    for (const { name, problem } of images) if (problem !== undefined) fail(name, problem);
    const rows = model.stream(
      readable.map(({ source }) => source),
      output,
      {
        signal: io.signal,
        onFailure: (source, error) => fail(names.get(source as string | Uint8Array) as string, error),
      },
    );
    for await (const { item, result } of rows) {
      const name = names.get(item as string | Uint8Array) as string;
      const waiting: Promise<void>[] = [];
      if (io.out.isTTY === true) progress.interrupt(() => waiting.push(take(result, name)));
      else waiting.push(take(result, name));
      await Promise.all(waiting);
      progress.advance();
    }
  } finally {
    progress.stop();
  }
  sayDefects(io, model.stats().defects);
  if (failed > 0) say(io, `slimnet: ${failed} of ${images.length} images failed.`);
  return failed;
}
