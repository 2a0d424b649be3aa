/** What computes a network, for people. */
import type { KernelDefect, KernelSummary } from '../runtime/programs/kernels.js';
import { type CliIo, say } from './io.js';
import { table } from './table.js';

/** Kernels with the number of their steps, and a line that says whether one of them is a defect. */
export function kernelTable(title: string, { kernels, defects }: KernelSummary): string {
  const rows = Object.entries(kernels);
  const verdict = defects.length === 0 ? ['no step has a reference kernel'] : defects.map(defectText);
  return `${table([title, 'steps'], rows)}${verdict.join('\n')}\n`;
}

/** Reports each step that oneDNN computes with its slow reference code. */
export function sayDefects(io: CliIo, defects: readonly KernelDefect[]): void {
  for (const defect of defects) say(io, `slimnet: ${defectText(defect)}`);
}

function defectText({ node, op, implementation, output }: KernelDefect): string {
  return `defect: ${node} (${op}, ${output}) has only the slow reference kernel ${implementation}: please report it`;
}
