import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { RangesDecision, RangesTask } from '../../ranges/decide.ts'

/** What a document may take of memory once it is parsed; the largest known takes a quarter of it. */
const mostMegabytes = 512

/** For how long a thread may think; the largest known document takes two seconds where all is slow. */
const patienceMs = 120_000

// The file beside this one, as TypeScript or compiled.
const threadFile = new URL(`./work${extname(import.meta.url)}`, import.meta.url)

/** What a thread is to do. */
export type RangesWork =
  | { readonly kind: 'decide'; readonly task: RangesTask }
  | { readonly kind: 'merge'; readonly one: Uint8Array; readonly other: Uint8Array }

/**
 * `decideRanges` in a thread of its own: half a second of work would hold up every request. Rejects
 * where the thread fails, or takes more time or memory than it may.
 */
export async function decideInThread(task: RangesTask): Promise<RangesDecision> {
  return (await runThread({ kind: 'decide', task })) as RangesDecision
}

/** `mergeTables` in a thread of its own. */
export async function mergeInThread(one: Uint8Array, other: Uint8Array): Promise<Uint8Array> {
  return (await runThread({ kind: 'merge', one, other })) as Uint8Array
}

/** Starts a thread, which ends with its work. */
async function runThread(work: RangesWork): Promise<unknown> {
  const thread = new Worker(threadFile, {
    workerData: work,
    resourceLimits: { maxOldGenerationSizeMb: mostMegabytes },
  })
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise((resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`wanted a result within ${patienceMs} ms, got none`))
      }, patienceMs)
      thread.once('message', resolve)
      thread.once('error', reject)
      thread.once('exit', (code) => {
        reject(new Error(`wanted a result, got a thread that ended with ${code}`))
      })
    })
  } finally {
    clearTimeout(timer)
    await thread.terminate()
  }
}
