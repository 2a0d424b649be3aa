/**
 * npm's `install` script. It exists so that npm does not run node-gyp by itself because of binding.gyp. It builds nothing
 * unless SLIMNET_BUILD=1 is set: installing must be quick, and must work without a compiler.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { main } from './lib/console.mjs';
import { root } from './lib/paths.mjs';
import { addonFile, buildAddon } from './lib/steps.mjs';

await main(async () => {
  if (process.env.SLIMNET_BUILD === '1') {
    await buildAddon();
  } else if (!existsSync(join(root, addonFile('release'))) && !existsSync(join(root, 'native', 'prebuilt'))) {
    process.stdout.write(
      'slimnet: the native addon is not built yet; `npm run build` does it (or install with SLIMNET_BUILD=1)\n',
    );
  }
});
