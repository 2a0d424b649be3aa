/** `--gpu`: what a session asks of a GPU, as a list. */
import { InvalidArgumentError } from 'commander';
import type { GpuOptions } from '../runtime/session/types.js';
import { integer } from './numbers.js';

type Reader = (value: string | undefined) => GpuOptions;

const mebibytes = (value: string | undefined): number => integer(1, 2 ** 30)(value ?? '') * 2 ** 20;

/** An option that has no value. */
function word(options: GpuOptions): Reader {
  return (value) => {
    if (value !== undefined) throw new InvalidArgumentError('It has no value.');
    return options;
  };
}

function autotuned(value: string | undefined): GpuOptions {
  return { autotune: value === undefined ? true : { seconds: integer(1, 3600)(value) } };
}

const readers: Readonly<Record<string, Reader>> = {
  tf32: word({ allowTf32: true }),
  deterministic: word({ deterministic: true }),
  nondeterministic: word({ deterministic: false }),
  autotune: autotuned,
  workspace: (value) => ({ workspaceLimit: mebibytes(value) }),
  memory: (value) => ({ memoryLimit: mebibytes(value) }),
  'no-graphs': word({ graphs: false }),
};

/** What a list such as `tf32,memory=8192` says. @throws InvalidArgumentError */
export function gpuOptions(text: string): GpuOptions {
  let options: GpuOptions = {};
  for (const item of text.split(',')) {
    const [name, value] = item.trim().split(/=(.*)/s, 2) as [string, string?];
    const read = Object.hasOwn(readers, name) ? readers[name] : undefined;
    if (read === undefined)
      throw new InvalidArgumentError(`There is no ${name}; there are ${Object.keys(readers).join(', ')}.`);
    try {
      options = { ...options, ...read(value) };
    } catch (error) {
      throw error instanceof InvalidArgumentError ? new InvalidArgumentError(`${name}: ${error.message}`) : error;
    }
  }
  return options;
}

/** What the help says of it. */
export const gpuHelp =
  'of a GPU: tf32, deterministic or nondeterministic, autotune[=seconds], workspace=MiB, memory=MiB, no-graphs (docs/gpu.md)';
