/** Batches without a model: what would have come of a network is made up. */

import { contentOf, type Failure, isFailure, type Result } from '../../lib/cli/batch/contents.js';
import { fileFormats } from '../../lib/cli/batch/formats/index.js';
import { partsOf } from '../../lib/cli/batch/parts.js';
import { type OpenOptions, ResultFiles } from '../../lib/cli/batch/result_files.js';
import { type Shard, wholeBatch } from '../../lib/cli/batch/shard.js';
import type { Input } from '../../lib/cli/inputs/input.js';

export interface FakeBatch {
  readonly output: string;
  readonly images?: number;
  readonly shard?: Shard;
  readonly command?: 'classify' | 'embed';
  readonly rejects?: string;
  readonly begun?: OpenOptions['begun'];
  /** Called after each part; what it throws ends the batch like a kill: nothing is cleaned up. */
  readonly afterPart?: (images: number) => void;
  readonly probe?: readonly number[];
  readonly prefix?: string;
}

const width = 4;
export const size = 3;

export function inputsOf(images: number, prefix = ''): Input[] {
  return Array.from({ length: images }, (_, i) => ({ name: `${prefix}${i}.jpg`, source: '' }));
}

/** Every seventh image fails. */
export function resultOf(file: string): Result {
  const number = Number(/\d+/.exec(file)?.[0]);
  if (number % 7 === 5) return { file, error: { code: 'ERR_IMAGE', message: `${file}: "It" is damaged, alas.` } };
  return { file, row: Float32Array.from({ length: width }, (_, i) => Math.sin(number * width + i)) };
}

/** Options of the files of a batch. */
export function optionsOf({
  output,
  command = 'embed',
  rejects,
  begun = 'refuse',
  shard = wholeBatch,
  probe = [1, 2, 3],
}: FakeBatch) {
  const format = output.split('.').at(-1) as string;
  const content = contentOf(command, width);
  const encoding = (fileFormats[format] as (typeof fileFormats)[string])(content, rejects === undefined);
  const files = [
    ...encoding.files.map(({ suffix, head }) => ({ path: `${output}${suffix}`, head })),
    ...(rejects === undefined ? [] : [{ path: rejects, head: new Uint8Array() }]),
  ];
  const head = { settings: { command, format, rejects: rejects !== undefined }, shard, width, probe };
  const options: OpenOptions = { files, ending: encoding.ending, head, begun, keep: true };
  return { options, encoding };
}

/** Runs a batch to its end, or as far as `afterPart` lets it. */
export async function fakeBatch(batch: FakeBatch): Promise<ResultFiles> {
  const { images = 20, shard = wholeBatch, rejects, afterPart = () => {} } = batch;
  const { options, encoding } = optionsOf(batch);
  const files = await ResultFiles.open(options);
  if (files.ended !== null) {
    await files.end(files.ended);
    return files;
  }
  const parts = partsOf(inputsOf(images, batch.prefix), {
    ...{ size, shard, after: files.last, signal: new AbortController().signal, changed: () => new Error('changed') },
  });
  try {
    for (;;) {
      const { done, value } = await parts.next();
      if (done === true) {
        await files.end(value);
        return files;
      }
      const results = value.images.map(({ name }) => resultOf(name));
      const failures: Failure[] = results.filter(isFailure);
      const lines = Buffer.from(failures.map((each) => `${JSON.stringify(each)}\n`).join(''));
      const bytes = [...encoding.encode(results), ...(rejects === undefined ? [] : [lines])];
      await files.add(value, results.length, failures.length, bytes);
      afterPart(files.last?.images ?? 0);
    }
  } catch (error) {
    await files.close();
    throw error;
  }
}
