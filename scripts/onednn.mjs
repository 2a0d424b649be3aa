/**
 * `node scripts/onednn.mjs [--compiler CXX]` prints the folder of the cached oneDNN, which it builds where there is none.
 * CMakeLists.txt calls it when no installed oneDNN is used.
 */
import { commandLine } from './lib/command_line.mjs';
import { main } from './lib/console.mjs';
import { ensureOneDnn } from './lib/onednn_build.mjs';

await main(async () => {
  const { values } = commandLine(import.meta.url, { options: { compiler: { type: 'string' } } });
  process.stdout.write(`${await ensureOneDnn(values)}\n`);
});
