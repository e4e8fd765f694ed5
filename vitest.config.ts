import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/bun/**', 'test/e2e/**', 'test/workerd/**'],
    // By default one core is left alone, which on a machine of two is half of it; and many of the
    // tests wait now and then.
    maxWorkers: availableParallelism() + 1,
    // No test changes what others import, and loading everything anew for each file is half of the
    // time that they all take.
    isolate: false,
    // Nothing here is timed: a machine that is busy with something else may take long.
    testTimeout: 30_000,
    coverage: {
      provider: 'v8',
      // What `npm run coverage:core` enforces, of the core's own tests: to count in every test what each
      // line of the core does takes twice the time that they need. `npm run coverage` tells the whole.
      include: ['src/core/**/*.ts'],
      reporter: ['text-summary'],
      thresholds: { 'src/core/**': { 100: true } },
    },
  },
})
