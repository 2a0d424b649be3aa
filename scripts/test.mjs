/**
 * `npm test`: sets everything up, then runs the checks, the native tests and Jest. What failed is named at the end, and the last line is the sum.
 * With arguments (`npm test -- test/unit/errors.test.ts -t name`) only Jest runs, with these.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runChecks } from './lib/check_steps.mjs';
import { main, say } from './lib/console.mjs';
import { listFiles } from './lib/hash.mjs';
import { root } from './lib/paths.mjs';
import { nativeTestsFiles, setUp } from './lib/steps.mjs';
import { close, runJest, runNativeTests, sum } from './lib/test_runs.mjs';

/** The tests that load the addon with the devices of test/native. */
function testsOfTestAddon() {
  return listFiles(join(root, 'test'))
    .filter(
      (file) =>
        file.endsWith('.test.ts') && readFileSync(join(root, 'test', file), 'utf8').includes('helpers/discrete_device'),
    )
    .map((file) => `test/${file}`);
}

await main(async () => {
  const jestArgs = process.argv.slice(2);
  const counts = [];
  const addon = await setUp({ tests: true });
  if (jestArgs.length === 0) {
    say('checks');
    counts.push(await runChecks({}, (line) => process.stderr.write(`${line}\n`)));
    if (addon === 'packed')
      say('native tests: not run, for the addon is a packed one; without SLIMNET_PACKAGES they are built');
    else {
      say('native tests');
      counts.push(await runNativeTests(nativeTestsFiles('release')));
    }
    say('Jest');
  }
  const left = addon === 'packed' ? testsOfTestAddon() : [];
  for (const file of left)
    say(`${file}: not run, for it needs the addon with test devices, which is built with the native tests`);
  const ignored = left.flatMap((file) => ['--testPathIgnorePatterns', `${file.replaceAll('.', '\\.')}$`]);
  counts.push(await runJest([...jestArgs, ...ignored]));
  return close(sum(counts));
});
