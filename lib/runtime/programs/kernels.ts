/** Which kernels the steps of programs got, and those of them that are a defect. */
import type { NativeStep } from '../../native/addon.js';

/** A step for which oneDNN has only its slow reference code. There should be none: please report it. */
export type KernelDefect = Pick<NativeStep, 'node' | 'op' | 'implementation' | 'output'>;

/** The kernels of one or more programs. */
export interface KernelSummary {
  /** Steps by the kernel that computes them, most frequent first. */
  readonly kernels: Readonly<Record<string, number>>;
  /** Steps that a reference kernel computes. */
  readonly defects: readonly KernelDefect[];
}

/** Whether a part of what computes a step is oneDNN's reference code, `ref:any` for instance. */
export function isReferenceKernel(implementation: string): boolean {
  return implementation.split(' + ').some((part) => /^ref(_\w+)?:/.test(part));
}

/** Counts what computes the steps of programs. A defect that several programs share is named once. */
export function summarizeKernels(programs: Iterable<readonly NativeStep[]>): KernelSummary {
  const counts = new Map<string, number>();
  const defects = new Map<string, KernelDefect>();
  for (const { node, op, implementation, output } of [...programs].flat()) {
    counts.set(implementation, (counts.get(implementation) ?? 0) + 1);
    const key = `${node} ${implementation}`;
    if (isReferenceKernel(implementation) && !defects.has(key)) defects.set(key, { node, op, implementation, output });
  }
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return { kernels: Object.fromEntries(sorted), defects: [...defects.values()] };
}
