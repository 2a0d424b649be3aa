/** `node scripts/third_party.mjs NAME` prints the folder of the verified sources of NAME (see third_party.json). */
import { main, SetupError } from './lib/console.mjs';
import { sourceTree } from './lib/sources.mjs';

await main(async () => {
  const name = process.argv[2];
  if (!name) throw new SetupError('usage: node scripts/third_party.mjs NAME');
  process.stdout.write(`${await sourceTree(name)}\n`);
});
