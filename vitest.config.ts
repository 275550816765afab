import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**"],
    reporters: ["default", "./test/support/closing-line-reporter.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    // Long, since a busy machine is no fault of what is tested; and as many times as long as there are more cases.
    testTimeout: 60_000 * Number(process.env.TEST_CASES || 1),
    hookTimeout: 60_000,
    // Integration tests start real pools and worker threads; two files at once is what two cores carry.
    maxWorkers: 2,
  },
});
