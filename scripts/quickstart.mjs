/** `npm run quickstart`: sets everything up, then runs the command line's quickstart (further arguments go to it). */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { main } from './lib/console.mjs';
import { root } from './lib/paths.mjs';
import { setUp } from './lib/steps.mjs';

await main(async () => {
  await setUp();
  const cli = join(root, 'dist', 'cli', 'main.js');
  const { status } = spawnSync(process.execPath, [cli, 'quickstart', ...process.argv.slice(2)], { stdio: 'inherit' });
  return status ?? 1;
});
