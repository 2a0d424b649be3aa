import { isSlimnetError, shortened } from '../errors.js';
import type { Model } from '../model/model.js';
import type { ModelOutput } from '../model/network_graph.js';
import type { InputImage } from './inputs.js';
import { type CliIo, errorText, printable, say } from './io.js';
import { sayDefects } from './kernel_text.js';
import { startProgress } from './progress.js';

/** An image that failed, as a record. */
export interface Failure {
  readonly file: string;
  readonly error: { readonly code: string; readonly message: string };
}

export function failureRecord(file: string, error: unknown): Failure {
  const code = isSlimnetError(error) ? error.code : 'ERR_INTERNAL';
  return { file, error: { code, message: error instanceof Error ? error.message : String(error) } };
}

/** What is done with an image's row of the output, or with an image that failed. */
export interface Taking {
  readonly row: (row: Float32Array, name: string) => Promise<void>;
  /** Images that failed are left out where this is. They are handed over as they are found, before their neighbours perhaps. */
  readonly failure?: (name: string, error: unknown) => Promise<void>;
}

/**
 * Runs a model over images and hands each row of the output over, in the order of the images. An image that cannot be read is
 * reported.
 * @returns how many images failed
 */
export async function runModel(
  io: CliIo,
  model: Model,
  images: readonly InputImage[],
  output: ModelOutput,
  { row: take, failure }: Taking,
): Promise<number> {
  const readable = images.filter(({ problem }) => problem === undefined);
  const names = new Map(readable.map(({ source, name }) => [source, name]));
  const progress = startProgress(io, images.length);
  let failed = 0;
  let records = Promise.resolve();
  const fail = (name: string, error: unknown) => {
    failed++;
    const text = errorText(io, error);
    progress.interrupt(() =>
      say(io, `slimnet: ${printable(text.includes(shortened(name)) ? text : `${shortened(name)}: ${text}`)}`),
    );
    progress.advance();
    // A name that is no text can stand in no record: whoever reads it would look for another file.
    if (failure === undefined || name.includes('\ufffd')) return;
    records = records.then(() => failure(name, error));
    // Its failure is that of the whole, which is told when it is waited for.
    records.catch(() => {});
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
      await Promise.all([...waiting, records]);
      progress.advance();
    }
    await records;
  } finally {
    progress.stop();
  }
  sayDefects(io, model.stats().defects);
  if (failed > 0) say(io, `slimnet: ${failed} of ${images.length} images failed.`);
  return failed;
}
