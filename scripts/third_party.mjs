/** `node scripts/third_party.mjs NAME` prints the folder of the verified sources of NAME (see third_party.json). */
import { commandLine } from './lib/command_line.mjs';
import { main, SetupError } from './lib/console.mjs';
import { sourceTree } from './lib/sources.mjs';

await main(async () => {
  const [name] = commandLine(import.meta.url, { allowPositionals: true }).positionals;
  if (!name) throw new SetupError('usage: node scripts/third_party.mjs NAME');
  process.stdout.write(`${await sourceTree(name)}\n`);
});
