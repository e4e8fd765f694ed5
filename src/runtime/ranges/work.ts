import { parentPort, workerData } from 'node:worker_threads'
import { crc32 } from 'node:zlib'
import { decideRanges } from '../../ranges/decide.ts'
import { mergeTables } from '../../ranges/newest.ts'
import type { RangesWork } from './thread.ts'

// One piece of work a thread: see ranges-thread.ts. Its port is no window's.
const work = workerData as RangesWork
const result =
  work.kind === 'decide'
    ? await decideRanges(work.task, crc32)
    : mergeTables(work.one, work.other, crc32)
// oxlint-disable-next-line unicorn/require-post-message-target-origin
parentPort!.postMessage(result)
