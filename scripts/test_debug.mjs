/** `npm run test:debug`: the native tests without optimization, with the assertions of the C++ library. */
import { main, say } from './lib/console.mjs';
import { buildAddon, installModules, nativeTestsFiles } from './lib/steps.mjs';
import { close, runNativeTests } from './lib/test_runs.mjs';

await main(async () => {
  await installModules();
  await buildAddon({ mode: 'debug', tests: true });
  say('native tests with assertions');
  const counts = await runNativeTests(nativeTestsFiles('debug'));
  return close(counts);
});
