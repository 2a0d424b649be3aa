/** What a session asks of a GPU: checked, and refused where the device is none. */
import { describe } from '../../core/dtype.js';
import { checkBoolean, checkInteger, checkNumber, type Defaults, withDefaults } from '../../core/options.js';
import { ArgumentError, advice, BackendError } from '../../errors.js';
import type { NativeGpuOptions } from '../../native/addon.js';

/** How implementations are chosen by running them. */
export interface AutotuneOptions {
  /** For one step at most, without what the first run of each of them takes. Default 5. */
  readonly seconds?: number;
}

/** Options of sessions on a GPU (docs/gpu.md). Sessions of one process whose device, threads and options are the same share it. */
export interface GpuOptions {
  /** Convolutions and products in float32 may cut their inputs to TF32, ten bits of fraction, which is much faster. Default false. */
  readonly allowTf32?: boolean;
  /**
   * Runs give the same bits each time. Unless told, they do wherever cuDNN has an engine that does; true refuses networks with a step for
   * which it has none, false takes what cuDNN puts first.
   */
  readonly deterministic?: boolean;
  /**
   * Compiling runs the implementations of each step and takes the fastest, which is kept for later processes. Default false: what cuDNN
   * puts first.
   */
  readonly autotune?: boolean | AutotuneOptions;
  /** Working memory of one step, in bytes: implementations that need more are left out. Default 256 MiB. */
  readonly workspaceLimit?: number;
  /** Bytes of the GPU's memory that sessions with these options take together; beyond that there is ERR_MEMORY. Default: all there is. */
  readonly memoryLimit?: number;
  /** Steps are recorded and queued as a whole (a CUDA graph), from the second run with the same memory on. Default true. */
  readonly graphs?: boolean;
}

const defaults = {
  allowTf32: undefined,
  deterministic: undefined,
  autotune: false,
  workspaceLimit: undefined,
  memoryLimit: undefined,
  graphs: true,
} satisfies Defaults<GpuOptions>;

const mostBytes = 2 ** 50;
const usualSeconds = 5;

/**
 * What the options come to; undefined where there are none.
 * @throws ArgumentError for wrong ones; BackendError on a device that has no such options
 */
export function gpuSettings(
  where: string,
  given: GpuOptions | undefined,
  device: { readonly name: string; readonly takesGpuOptions: boolean },
): NativeGpuOptions | undefined {
  if (given === undefined) return undefined;
  const name = `${where}: gpu`;
  const { allowTf32, deterministic, autotune, workspaceLimit, memoryLimit, graphs } = withDefaults(
    name,
    given,
    defaults,
  );
  if (allowTf32 !== undefined) checkBoolean(name, 'allowTf32', allowTf32);
  if (deterministic !== undefined) checkBoolean(name, 'deterministic', deterministic);
  checkBoolean(name, 'graphs', graphs);
  if (workspaceLimit !== undefined) checkInteger(name, 'workspaceLimit', workspaceLimit, 1, mostBytes);
  if (memoryLimit !== undefined) checkInteger(name, 'memoryLimit', memoryLimit, 1, mostBytes);
  const autotuneSeconds = secondsOf(name, autotune);
  if (!device.takesGpuOptions) {
    throw new BackendError(`${name}: device ${device.name} is no GPU, and has no such options.`, {
      hint: advice`leave ${'gpu'} out, or use ${['device', 'cuda']}.`,
    });
  }
  return {
    ...(allowTf32 === undefined ? {} : { allowTf32 }),
    ...(deterministic === undefined ? {} : { deterministic }),
    ...(autotuneSeconds === undefined ? {} : { autotuneSeconds }),
    ...(workspaceLimit === undefined ? {} : { workspaceLimit }),
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
    graphs,
  };
}

/** Those of the options that decide the bits of results, by which engines they leave; 'usual' where there are none. */
export function engineChoice({ allowTf32, deterministic, autotune, workspaceLimit }: GpuOptions = {}): string {
  const words = [
    allowTf32 === true ? 'TF32' : '',
    deterministic === false ? 'nondeterministic' : '',
    autotune === undefined || autotune === false ? '' : 'autotuned',
    workspaceLimit === undefined ? '' : `workspaceLimit ${workspaceLimit}`,
  ].filter((word) => word !== '');
  return words.length === 0 ? 'usual' : words.join(', ');
}

function secondsOf(where: string, autotune: boolean | AutotuneOptions): number | undefined {
  if (typeof autotune === 'boolean') return autotune ? usualSeconds : undefined;
  if (typeof autotune !== 'object' || autotune === null || Array.isArray(autotune))
    throw new ArgumentError(`${where}: autotune: expected true, false or { seconds }, received ${describe(autotune)}.`);
  const { seconds } = withDefaults(`${where}: autotune`, autotune, { seconds: usualSeconds });
  checkNumber(where, 'autotune: seconds', seconds, 0, 3600);
  return seconds;
}
