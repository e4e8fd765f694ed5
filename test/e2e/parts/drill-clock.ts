// Loaded before `nearport serve` (`node --import`): at SIGUSR2 its clock is put forward by more than a
// minute, and what was to come in that time comes at once. So a drill sees in a second what serve does
// once a minute, with nothing of serve itself changed.

const stepMs = 70_000
/** What is due sooner keeps its own time: a clock that jumps must not cut questions short. */
const longMs = 30_000

const realNow = Date.now
const realSetTimeout = globalThis.setTimeout
const realClearTimeout = globalThis.clearTimeout
const pending = new Map<unknown, { readonly dueMs: number; readonly run: () => void }>()
let aheadMs = 0

Date.now = () => realNow() + aheadMs

const setTimeoutAhead = (
  callback: (...args: unknown[]) => void,
  ms?: number,
  ...args: unknown[]
) => {
  const run = () => {
    pending.delete(timer)
    callback(...args)
  }
  const timer = realSetTimeout(run, ms)
  if (ms !== undefined && ms >= longMs) pending.set(timer, { dueMs: Date.now() + ms, run })
  return timer
}
globalThis.setTimeout = Object.assign(setTimeoutAhead, realSetTimeout)

globalThis.clearTimeout = (timer) => {
  pending.delete(timer)
  realClearTimeout(timer)
}

AbortSignal.timeout = (ms) => {
  const late = new AbortController()
  const why = new DOMException('The operation was aborted due to timeout', 'TimeoutError')
  setTimeout(() => late.abort(why), ms).unref()
  return late.signal
}

process.on('SIGUSR2', () => {
  aheadMs += stepMs
  const due = [...pending].filter(([, { dueMs }]) => dueMs <= Date.now())
  for (const [timer, { run }] of due) {
    clearTimeout(timer as NodeJS.Timeout)
    run()
  }
})
