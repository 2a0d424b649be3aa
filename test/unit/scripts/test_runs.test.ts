import { runChecks } from '../../../scripts/lib/check_steps.mjs';
import { root } from '../../../scripts/lib/paths.mjs';
import {
  closingLine,
  closingLines,
  countGoogleTest,
  countJest,
  runNativeTests,
  sum,
} from '../../../scripts/lib/test_runs.mjs';

describe('the sum of all test runs', () => {
  test('is one closing line, with skipped tests only where there are some', () => {
    const total = sum([
      { passed: 3, failed: 0, skipped: 0 },
      { passed: 4, failed: 1 },
    ]);
    expect(closingLine(total)).toBe('7 passed, 1 failed');
    expect(closingLine(sum([total, { passed: 0, failed: 0, skipped: 2 }]))).toBe('7 passed, 1 failed, 2 skipped');
  });

  test('counts a Jest file that could not be run as a failure', () => {
    const report = {
      numPassedTests: 5,
      numFailedTests: 1,
      numRuntimeErrorTestSuites: 2,
      numPendingTests: 1,
      numTodoTests: 1,
      testResults: [
        {
          name: `${root}/test/a.test.ts`,
          status: 'failed',
          assertionResults: [
            { status: 'passed', fullName: 'adds' },
            { status: 'failed', fullName: 'sums of one number are that number' },
          ],
        },
        { name: `${root}/test/b.test.ts`, status: 'failed', assertionResults: [] },
        { name: `${root}/test/c.test.ts`, status: 'failed', assertionResults: [] },
        { name: `${root}/test/d.test.ts`, status: 'passed', assertionResults: [] },
      ],
    };
    expect(countJest(report)).toEqual({
      ...{ passed: 5, failed: 3, skipped: 2 },
      failures: [
        'test/a.test.ts: sums of one number are that number',
        'test/b.test.ts: could not be run',
        'test/c.test.ts: could not be run',
      ],
    });
  });

  test('counts native tests one by one', () => {
    const testsuite = [
      { status: 'RUN', result: 'COMPLETED' },
      {
        ...{ status: 'RUN', result: 'COMPLETED', failures: [{ failure: 'x' }] },
        ...{ classname: 'Fuse', name: 'KeepsOrder', file: `${root}/test/native/fuse_test.cc` },
      },
      { status: 'RUN', result: 'SKIPPED' },
      { status: 'NOTRUN', result: 'SUPPRESSED' },
    ];
    expect(countGoogleTest({ testsuites: [{ testsuite }] })).toEqual({
      ...{ passed: 1, failed: 1, skipped: 2 },
      failures: ['test/native/fuse_test.cc: Fuse.KeepsOrder'],
    });
  });

  test('counts a program that dies without a report as one failure', async () => {
    expect(await runNativeTests(['/bin/false'])).toEqual({
      ...{ passed: 0, failed: 1, skipped: 0 },
      failures: ['/bin/false: ended with status 1, without a report'],
    });
  });

  test('names what failed behind everything else, in a list that stays short', async () => {
    const step = (name: string, ok: boolean) => ({ name, run: async () => ok });
    const printed: string[] = [];
    const checks = await runChecks({}, (line: string) => printed.push(line), [
      step('lint', true),
      step('format', false),
    ]);
    expect(printed).toEqual(['ok      lint', 'FAILED  format']);
    const jest = { passed: 0, failed: 60, failures: Array.from({ length: 60 }, (_, i) => `a.test.ts: ${i}`) };
    const lines = closingLines(sum([checks, jest]));
    expect(lines.slice(0, 3)).toEqual(['failed:', '  check: format', '  a.test.ts: 0']);
    expect(lines.slice(-3)).toEqual(['  a.test.ts: 38', '  and 21 more', '1 passed, 61 failed']);
    expect(closingLines(sum([{ passed: 2, failed: 0, failures: [] }]))).toEqual(['2 passed, 0 failed']);
  });
});
