import { fileURLToPath } from 'node:url'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

const served = fileURLToPath(new URL('test/workerd/parts/serve-in-isolate.ts', import.meta.url))

/** `npm run test:workerd`: what `npm test` tests on Node, in Cloudflare's runtime. */
export default defineConfig({
  test: {
    projects: [
      {
        // The Worker as it is uploaded, on a port, asked from here.
        test: {
          name: 'worker',
          include: ['test/workerd/*.test.ts'],
          isolate: false,
          maxWorkers: 1,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        // The proxy's own tests, inside.
        plugins: [
          cloudflareTest({
            main: './test/workerd/parts/empty-worker.ts',
            miniflare: { compatibilityDate: '2026-10-01', compatibilityFlags: ['nodejs_compat'] },
          }),
        ],
        resolve: { alias: [{ find: /^.*\/embedded\/serve\.ts$/, replacement: served }] },
        test: {
          name: 'workerd',
          include: ['test/proxy/**/*.test.ts'],
          // Its server is one that breaks HTTP, which takes a socket.
          exclude: ['test/proxy/mirror-index-reader.test.ts'],
          setupFiles: ['test/workerd/parts/setup.ts'],
          isolate: false,
          testTimeout: 30_000,
        },
      },
    ],
  },
})
