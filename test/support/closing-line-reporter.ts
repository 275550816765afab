/** Ends a run's output with one plain line, `N passed, N failed, N skipped`, for programs that read it. */

import type { Reporter, TestModule } from "vitest/node";

export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      let tests = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        // A test that never came to its end did not pass.
        count[state === "pending" ? "failed" : state] += 1;
        tests += 1;
      }
      // A file that could not be loaded has no tests to count.
      if (tests === 0 && module.state() === "failed") count.failed += 1;
    }
    process.stdout.write(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`);
  }
}
