/**
 * `npm test`: sets everything up, then runs the checks, the native tests and Jest. The last line is the sum.
 * With arguments (`npm test -- test/unit/errors.test.ts -t name`) only Jest runs, with these.
 */
import { join } from 'node:path';
import { runChecks } from './lib/check_steps.mjs';
import { main, say } from './lib/console.mjs';
import { root } from './lib/paths.mjs';
import { nativeTestsFile, setUp } from './lib/steps.mjs';
import { closingLine, runJest, runNativeTests, sum } from './lib/test_runs.mjs';

await main(async () => {
  const jestArgs = process.argv.slice(2);
  const counts = [];
  await setUp({ tests: true });
  if (jestArgs.length === 0) {
    say('checks');
    counts.push(await runChecks({}, (line) => process.stderr.write(`${line}\n`)));
    say('native tests');
    counts.push(await runNativeTests(join(root, nativeTestsFile('release'))));
    say('Jest');
  }
  counts.push(await runJest(jestArgs));
  const total = sum(counts);
  process.stdout.write(`${closingLine(total)}\n`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
});
