/**
 * `npm run test:unit`: the tests that need no addon, and so none of its build. Further arguments go to Jest (`-t name`).
 * What loads an addon all the same fails, whether one is built or not.
 */
import { join } from 'node:path';
import { main } from './lib/console.mjs';
import { root } from './lib/paths.mjs';
import { buildTypeScript, installModules } from './lib/steps.mjs';
import { close, runJest } from './lib/test_runs.mjs';
import { testsWithoutAddon } from './lib/unit_tests.mjs';

await main(async () => {
  await installModules();
  await buildTypeScript();
  const env = { SLIMNET_ADDON: join(root, 'test', 'no_addon.node') };
  const counts = await runJest(['--runTestsByPath', ...testsWithoutAddon(), ...process.argv.slice(2)], { env });
  return close(counts);
});
