// Where slimnet keeps packed weights while starts are measured: not among the user's.
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const packedFolder = join(tmpdir(), 'slimnet-bench-packed');

/** The next start finds nothing. */
export function dropPackedWeights() {
  rmSync(packedFolder, { recursive: true, force: true });
}
