/** The modes in which a session can use its threads. */
import { describe } from '../../core/dtype.js';
import { ArgumentError } from '../../errors.js';
import type { ExecutionMode } from '../../native/addon.js';

/** All modes. docs/modes.md says which serves what. */
export const executionModes = ['latency', 'throughput', 'auto'] as const satisfies readonly ExecutionMode[];

/** @throws ArgumentError for what is no mode */
export function checkMode(where: string, mode: unknown): asserts mode is ExecutionMode {
  if ((executionModes as readonly unknown[]).includes(mode)) return;
  throw new ArgumentError(
    `${where}: mode: expected ${executionModes.join(', ')}, received ${typeof mode === 'string' ? mode : describe(mode)}.`,
  );
}
