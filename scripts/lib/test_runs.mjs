/** Runs the native tests and Jest, and counts what they report. A run that dies without a report counts as one failure. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { root } from './paths.mjs';
import { run } from './process.mjs';

/** Adds counts up. */
export function sum(counts) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed = 0, failed = 0, skipped = 0 } of counts) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}

/** The closing line of a test run. */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** Counts of Jest's JSON report. A file that could not be run at all is a failure. */
export function countJest(report) {
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** Counts of GoogleTest's JSON report. */
export function countGoogleTest(report) {
  const results = report.testsuites.flatMap((suite) => suite.testsuite);
  const skipped = results.filter(({ result, status }) => result === 'SKIPPED' || status === 'NOTRUN').length;
  const failed = results.filter(({ failures }) => failures !== undefined).length;
  return { passed: results.length - skipped - failed, failed, skipped };
}

/** Runs `body` with the path of a report file, and counts that report. A bad exit status is never a success. */
async function reported(count, body) {
  const folder = mkdtempSync(join(tmpdir(), 'slimnet-report-'));
  const file = join(folder, 'report.json');
  try {
    const status = await body(file);
    let counts;
    try {
      counts = count(JSON.parse(readFileSync(file, 'utf8')));
    } catch {
      return { passed: 0, failed: 1, skipped: 0 };
    }
    return status !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs programs of native tests, given relative to the root, one after the other. */
export async function runNativeTests(programs, { env, args = [] } = {}) {
  const counts = [];
  for (const program of programs) {
    const one = await reported(countGoogleTest, (file) =>
      run(resolve(root, program), [`--gtest_output=json:${file}`, '--gtest_brief=1', ...args], {
        cwd: root,
        env,
        check: false,
      }),
    );
    counts.push(one);
  }
  return sum(counts);
}

/** Files that Jest runs at once: one for each processor, but each may take some gigabytes for a large network. */
const jestWorkers = Math.min(availableParallelism(), 4);

/** Runs Jest with the given arguments. */
export function runJest(args, { env } = {}) {
  return reported(countJest, (file) =>
    run(
      process.execPath,
      [
        join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
        '--json',
        `--outputFile=${file}`,
        `--maxWorkers=${jestWorkers}`,
        ...args,
      ],
      {
        cwd: root,
        env,
        check: false,
        // Jest's report goes to its stderr; its stdout would repeat the JSON.
        stdio: ['ignore', 'ignore', 2],
      },
    ),
  );
}
