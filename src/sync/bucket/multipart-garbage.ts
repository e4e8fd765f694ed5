import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (options: { readonly type: 'minor' | 'major' }) => void

let collect: Collect | undefined
let calls = 0

/** Every so many times it looks also at what outlived the others: 10 ms, for 60 MB that were sent. */
const majorEvery = 12

/**
 * Lets go of the buffers that have just been used: called once a part. V8 counts them as next to
 * nothing, since their bytes are not in its heap, and would let a hundred megabytes of them gather
 * before it looked.
 */
export function collectGarbage(): void {
  collect ??= findCollector()
  calls = (calls + 1) % majorEvery
  collect({ type: calls === 0 ? 'major' : 'minor' })
}

function findCollector(): Collect {
  setFlagsFromString('--expose-gc')
  const found: unknown = runInNewContext("typeof gc === 'function' ? gc : undefined")
  return typeof found === 'function' ? (found as Collect) : () => {}
}
