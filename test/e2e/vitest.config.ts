import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** One worker, one file after the other: they share the parts that the global setup starts. */
export default defineConfig({
  test: {
    root: join(import.meta.dirname, '../..'),
    include: ['test/e2e/*.e2e.ts'],
    globalSetup: ['test/e2e/parts/setup.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
    reporters: ['verbose'],
  },
})
