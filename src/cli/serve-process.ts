import { enableCompileCache } from 'node:module'
import { keepYoungSpaceSteady } from './small-heap.ts'

// One of the processes of `nearport serve --processes N`, started by its address.

// Before anything is loaded: a terminal and systemd signal every process, and only the primary is to say
// what comes of it.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})
enableCompileCache()
keepYoungSpaceSteady()
const [{ runWorker }, { readConfig }] = await Promise.all([
  import('../runtime/cluster/worker.ts'),
  import('./load-config.ts'),
])
runWorker(({ text, path, listening }) => ({ ...readConfig(text, path), ...listening }))
