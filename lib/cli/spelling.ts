/** Options of the library as a command spells them, for hints. */
import type { Command } from 'commander';
import type { Spelling } from '../errors.js';

/** Flags that have other names than the options of the library that they stand for. */
const flagOf: Readonly<Record<string, string>> = {
  numClasses: 'classes',
  useMovingAverages: 'movingAverages',
  maxBatchSize: 'batch',
  imageSize: 'size',
};

/** How a command spells the options of the library; null for those that it does not have. */
export function spelledInFlags(command: Command): Spelling {
  return (option, value) => {
    const name = flagOf[option] ?? option;
    const found = command.options.find((flag) => flag.attributeName() === name);
    if (found?.long === undefined || found.long === null) return null;
    const takesValue = found.required || found.optional;
    return takesValue && value !== undefined ? `${found.long} ${String(value)}` : found.long;
  };
}
