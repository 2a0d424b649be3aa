/** Stamps: what a step was last done from, so that it is not done again for the same inputs. */
import { existsSync, lstatSync, lutimesSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fingerprint, inputFiles } from './hash.mjs';

/**
 * Has `make` see what was edited while it ran. It goes by times: a file that is edited while it is compiled is older than what was made of it,
 * and would never be compiled again. So files below `base` that were changed since `begun` (milliseconds) are changed once more, now.
 */
export function touchChangedSince(begun, { base, inputs }) {
  const now = new Date();
  for (const file of inputFiles(base, inputs)) {
    const path = join(base, file);
    if (lstatSync(path).mtimeMs >= begun) lutimesSync(path, now, now);
  }
}

/**
 * A step with `inputs` (files and folders below `base`) and `outputs`. `isFresh()` is quick: it compares sizes and times
 * first, and contents only where those changed. `extra` is any further text that the result depends on.
 */
export function stamp(file, { base, inputs, outputs, extra = '' }) {
  const write = (record) => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, `${JSON.stringify(record)}\n`);
    renameSync(`${file}.new`, file);
  };
  return {
    isFresh() {
      if (!outputs.every((output) => existsSync(join(base, output)))) return false;
      let recorded;
      try {
        recorded = JSON.parse(readFileSync(file, 'utf8'));
      } catch {
        return false;
      }
      const now = fingerprint(base, inputs, extra);
      if (recorded.listing === now.listing) return true;
      const content = now.content();
      if (recorded.content !== content) return false;
      write({ listing: now.listing, content });
      return true;
    },
    /** Records the inputs as they are now. Call it with the state taken before the step ran: `const mark = take()`. */
    take() {
      const now = fingerprint(base, inputs, extra);
      const record = { listing: now.listing, content: now.content() };
      return () => write(record);
    },
  };
}
