import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: [
      'test/unit/**/*.test.ts',
      'test/kernel/**/*.test.ts',
      'test/cli/**/*.test.ts',
      'test/http/**/*.test.ts',
      'test/api/**/*.test.ts',
      'test/fuzz/**/*.test.ts',
      'test/faults/**/*.test.ts',
    ],
    reporters: ['default', fileURLToPath(new URL('support/closing-line.ts', import.meta.url))],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // On a shared machine a process may stand still for seconds in the middle of real traffic. What passes only
    // at the second try is told at the end.
    retry: process.env.CI === undefined ? 0 : 1,
  },
});
