import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Asks the system to forget what it keeps in memory of a network's files (prepare.mjs). No rights are needed for that. */
export function dropFromPageCache(folder, network) {
  for (const name of readdirSync(folder).filter((file) => file.startsWith(`${network}.`))) {
    // Zero blocks: nothing is read, and all that is cached of the file goes. Pages that were not written to disk would stay.
    execFileSync('sync', [join(folder, name)]);
    execFileSync('dd', [`if=${join(folder, name)}`, 'iflag=nocache', 'count=0', 'status=none']);
  }
}
