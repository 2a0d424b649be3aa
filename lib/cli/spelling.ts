import type { Command } from 'commander';
import { Code, type Spelling } from '../errors.js';

/** Options that have another name on the command line than in code, dashes aside. */
const otherNames: Readonly<Record<string, string>> = {
  numClasses: 'classes',
  imageSize: 'size',
  overwrite: 'force',
  format: 'to',
  useMovingAverages: 'moving-averages',
  maxBatchSize: 'batch',
  gradientAccumulationSteps: 'accumulation',
  logEverySteps: 'log-every-n-steps',
};

/** Values that do. */
const otherValues: Readonly<Record<string, string>> = { tensorflow_v1: 'v1', tensorflow_v2: 'v2' };

/** How hints name options to those who call a command: `--max-pixels`. What the command does not have is left out. */
export function spelledOnCommandLine(command: Command): Spelling {
  const flags = new Set(command.options.map(({ long }) => long));
  return (option, value) => {
    const name = otherNames[option] ?? option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const flag = value === false ? `--no-${name}` : `--${name}`;
    const written = value === false ? '' : textOf(value);
    return flags.has(flag) && written !== null ? `${flag}${written}` : null;
  };
}

/** null: no text that could be typed. */
function textOf(value: unknown): string | null {
  if (value === undefined || value === true) return '';
  if (value instanceof Code) return null;
  const words = Array.isArray(value) ? value : [value];
  return words.map((word) => ` ${otherValues[String(word)] ?? String(word)}`).join('');
}
