import { type Command, InvalidArgumentError, Option } from 'commander';
import { ArgumentError } from '../../errors.js';
import { integer } from '../numbers.js';
import { fileFormats } from './formats/index.js';
import { type Shard, shardOf, wholeBatch } from './shard.js';

/** What the options of a batch say. */
export interface BatchFlags {
  readonly fromFile?: string;
  readonly output?: string;
  readonly format: string;
  readonly resume?: boolean;
  readonly shard?: string;
  readonly rejects?: string;
  readonly maxErrors?: number;
}

const endings = Object.keys(fileFormats).map((name) => `.${name}`);

/** Adds the images, and what is done with their results. */
export function addBatchOptions(command: Command, formats: readonly string[]): Command {
  return command
    .argument(
      '[images...]',
      'files, folders, globs, .tar archives, s3:// URLs, or - for standard input (an image, or such names one a line)',
    )
    .option('--from-file <file>', 'a list of images and archives, one a line; - for standard input')
    .option('-o, --output <file>', `where results go; its ending is the format: ${endings.join(', ')}`)
    .addOption(
      new Option('-f, --format <format>', 'of results on standard output').choices(formats).default(formats[0]),
    )
    .option('--resume', 'go on where the journal beside the output says; without one, begin')
    .option('--shard <i/n>', 'do one of n shares; auto: which one Kubernetes or Slurm says', shardText)
    .option('--rejects <file>', 'JSON lines of the images that failed, with the reason')
    .option(
      '--max-errors <n>',
      'so many images may fail: with more the work ends, with no more the exit status is 0',
      integer(0, 1e12),
    );
}

function shardText(text: string): string {
  if (/^(auto|(\d+|auto)\/\d+)$/.test(text)) return text;
  throw new InvalidArgumentError('Expected i/n with i from 0 to n - 1, auto, or auto/n.');
}

/** A format of files, and under which name they come. */
export function checkedOutput({ output, resume, rejects }: BatchFlags): { path: string; format: string } | null {
  if (output === undefined) {
    for (const [flag, value] of [
      ['--resume', resume],
      ['--rejects', rejects],
    ] as const)
      if (value !== undefined)
        throw new ArgumentError(`${flag} needs --output: what is on standard output cannot be taken up again.`);
    return null;
  }
  const format = Object.keys(fileFormats).find((name) => output.toLowerCase().endsWith(`.${name}`));
  if (format === undefined)
    throw new ArgumentError(`--output: expected a name that ends in ${endings.join(', ')}, received ${output}.`, {
      hint: 'leave it out for results on standard output.',
    });
  return { path: output, format };
}

export function shardOfFlags({ shard }: BatchFlags): Shard {
  return shard === undefined ? wholeBatch : shardOf(shard, process.env);
}
