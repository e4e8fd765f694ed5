import { defineConfig } from 'vitest/config'

/** What of the tests on Node is run by Bun itself: what leans on what Bun has in Node's place. */
const inside = [
  'test/proxy/**/*.test.ts',
  'test/runtime/{config-reload,guarded-fetch,log,manifests}.test.ts',
  'test/runtime/{node-app,presence,ranges}.test.ts',
  'test/runtime/mirrors/{mirror-credentials,private-mirrors}.test.ts',
]

/** `npm run test:bun`: processes of Bun's, asked from Node, and one that is itself a run of tests. */
export default defineConfig({
  test: {
    include: process.versions['bun'] === undefined ? ['test/bun/*.test.ts'] : inside,
    isolate: false,
    maxWorkers: 1,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
