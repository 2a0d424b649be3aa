import { closingLine, countGoogleTest, countJest, runNativeTests, sum } from '../../../scripts/lib/test_runs.mjs';

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
    };
    expect(countJest(report)).toEqual({ passed: 5, failed: 3, skipped: 2 });
  });

  test('counts native tests one by one', () => {
    const testsuite = [
      { status: 'RUN', result: 'COMPLETED' },
      { status: 'RUN', result: 'COMPLETED', failures: [{ failure: 'x' }] },
      { status: 'RUN', result: 'SKIPPED' },
      { status: 'NOTRUN', result: 'SUPPRESSED' },
    ];
    expect(countGoogleTest({ testsuites: [{ testsuite }] })).toEqual({ passed: 1, failed: 1, skipped: 2 });
  });

  test('counts a program that dies without a report as one failure', async () => {
    expect(await runNativeTests(['/bin/false'])).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});
