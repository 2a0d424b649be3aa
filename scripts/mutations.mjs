// Shows that tests see faults: makes each fault of test/mutations in the working tree, runs its test, and puts the file back.
//   node scripts/mutations.mjs [WORDS]     only faults whose description holds the words
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mutations } from '../test/mutations/training.mjs';
import { commandLine } from './lib/command_line.mjs';
import { main, SetupError } from './lib/console.mjs';
import { root } from './lib/paths.mjs';

/** Whether the test fails, and whether there is one of that name. */
function runTest(test, name) {
  const pattern = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const args = ['jest', '-w', '1', test, '-t', pattern, '--json', '--silent'];
  const { stdout } = spawnSync('npx', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  const { numPassedTests, numFailedTests } = JSON.parse(stdout.slice(stdout.indexOf('{')));
  return { passed: numPassedTests, failed: numFailedTests };
}

/** What became of one fault. */
function tryMutation({ file, from, to, test, name }) {
  const path = join(root, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(from).length !== 2) return `${file} does not hold the text once: ${from}`;
  try {
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
    const { passed, failed } = runTest(test, name);
    if (failed > 0) return null;
    return passed === 0 ? `${test} has no test "${name}"` : `${test}: "${name}" passes all the same`;
  } finally {
    writeFileSync(path, text);
  }
}

await main(() => {
  const words = commandLine(import.meta.url, { allowPositionals: true }).positionals.join(' ');
  const chosen = mutations.filter(({ what }) => what.includes(words));
  if (chosen.length === 0) throw new SetupError(`no fault is described by ${JSON.stringify(words)}`);
  let unseen = 0;
  for (const mutation of chosen) {
    const problem = tryMutation(mutation);
    if (problem !== null) unseen++;
    console.log(
      `${problem === null ? 'seen  ' : 'UNSEEN'}  ${mutation.what}: ${problem ?? `${mutation.test}, "${mutation.name}"`}`,
    );
  }
  const tests = [...new Set(chosen.map(({ test }) => test))];
  console.log(`${chosen.length - unseen} of ${chosen.length} faults are seen by ${tests.length} test files`);
  return unseen === 0 ? 0 : 1;
});
