import type { Reporter, TestCase, TestModule } from 'vitest/node';

/**
 * Ends the run with one plain line, `N passed, N failed`, for programs that read the output. Before it, the tests
 * that passed only when they were tried again, each with what went wrong first.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0 };
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed += 1;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') counts.passed += 1;
        else if (state === 'failed') counts.failed += 1;
        else counts.skipped += 1;
        if (test.diagnostic()?.flaky === true) tellOfFlaky(test);
      }
    }
    const skipped = counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`;
    process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed${skipped}\n`);
  }
}

function tellOfFlaky(test: TestCase): void {
  const [first] = test.result().errors ?? [];
  process.stdout.write(`\nFLAKY, passed when tried again: ${test.fullName}\n${first?.stack ?? ''}\n`);
}
