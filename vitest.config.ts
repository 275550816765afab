import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["**/node_modules/**"],
    globalSetup: ["test/support/global-setup.ts"],
    testTimeout: 20_000,
    // Integration tests start real pools and worker threads; two files at once is what two cores carry.
    maxWorkers: 2,
  },
});
