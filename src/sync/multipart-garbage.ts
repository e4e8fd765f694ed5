import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

type Collect = (options: { readonly type: 'minor' }) => void

let collect: Collect | undefined

/**
 * Lets go of the buffers that have just been used. V8 counts them as next to nothing, since their
 * bytes are not in its heap, and would let a hundred megabytes of them gather before it looked. It
 * takes a millisecond.
 */
export function collectGarbage(): void {
  collect ??= findCollector()
  collect({ type: 'minor' })
}

function findCollector(): Collect {
  setFlagsFromString('--expose-gc')
  const found: unknown = runInNewContext("typeof gc === 'function' ? gc : undefined")
  return typeof found === 'function' ? (found as Collect) : () => {}
}
