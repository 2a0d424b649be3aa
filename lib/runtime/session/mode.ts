import type { ExecutionMode } from '../../native/addon.js';

/** The modes in which a session can use its threads. docs/modes.md says which serves what. */
export const executionModes = ['latency', 'throughput', 'auto'] as const satisfies readonly ExecutionMode[];
