/**
 * Runs the native tests and Jest, counts what they report, and names what failed. A run that dies without a report counts as one failure.
 * Counts are `{passed, failed, skipped, failures}`, of which `failures` has a line for each that failed.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { root } from './paths.mjs';
import { run } from './process.mjs';

/** Adds counts up. */
export function sum(counts) {
  const total = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const { passed = 0, failed = 0, skipped = 0, failures = [] } of counts) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
    total.failures.push(...failures);
  }
  return total;
}

/** At most so many failures are listed: the end of a long log is what is read. */
const listed = 40;

/** What a test run ends with: what failed, then the sum. */
export function closingLines(counts) {
  const { failures = [] } = counts;
  const more = failures.length - listed;
  return [
    ...(failures.length > 0 ? ['failed:'] : []),
    ...failures.slice(0, listed).map((failure) => `  ${failure}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    closingLine(counts),
  ];
}

/** Prints what a test run ends with. @returns the exit status: a run without a test is no success */
export function close(counts) {
  process.stdout.write(`${closingLines(counts).join('\n')}\n`);
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
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
    failures: report.testResults.flatMap(({ name, status, assertionResults }) => {
      const file = relative(root, name);
      const failed = assertionResults.filter((test) => test.status === 'failed');
      if (failed.length === 0) return status === 'failed' ? [`${file}: could not be run`] : [];
      return failed.map(({ fullName }) => `${file}: ${fullName}`);
    }),
  };
}

/** Counts of GoogleTest's JSON report. */
export function countGoogleTest(report) {
  const results = report.testsuites.flatMap((suite) => suite.testsuite);
  const skipped = results.filter(({ result, status }) => result === 'SKIPPED' || status === 'NOTRUN').length;
  const failures = results
    .filter((test) => test.failures !== undefined)
    .map(
      ({ classname, name, file }) =>
        `${file === undefined ? 'native test' : relative(root, file)}: ${classname}.${name}`,
    );
  const failed = failures.length;
  return { passed: results.length - skipped - failed, failed, skipped, failures };
}

/** Runs `body` with the path of a report file, and counts that report. A bad exit status is never a success. `what` names the run. */
async function reported(what, count, body) {
  const folder = mkdtempSync(join(tmpdir(), 'slimnet-report-'));
  const file = join(folder, 'report.json');
  try {
    const status = await body(file);
    let counts;
    try {
      counts = count(JSON.parse(readFileSync(file, 'utf8')));
    } catch {
      return { passed: 0, failed: 1, skipped: 0, failures: [`${what}: ended with status ${status}, without a report`] };
    }
    if (status === 0 || counts.failed > 0) return counts;
    return { ...counts, failed: 1, failures: [`${what}: ended with status ${status}, though no test failed`] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs programs of native tests, given relative to the root, one after the other. */
export async function runNativeTests(programs, { env, args = [] } = {}) {
  const counts = [];
  for (const program of programs) {
    const one = await reported(program, countGoogleTest, (file) =>
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
  return reported('Jest', countJest, (file) =>
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
