import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Bucket } from './bucket.ts'

/** Who a run is, for other runs to see. */
export type RunIdentity = {
  readonly run: string
  /** Two processes of one host have it in common, and see each other's `pid`. */
  readonly host: string
  readonly pid: number
  readonly startedAt: string
}

/**
 * What a run keeps in a bucket while it has uploads there, so that no other run takes them for left
 * behind.
 */
export type RunLease = {
  /** Makes sure that it is there, and kept fresh from now on. Throws BucketError. */
  readonly hold: () => Promise<void>
  /** Takes it away, where it was held. It never fails: what is left is as good as none later. */
  readonly end: () => Promise<void>
}

/** Where the leases are. */
export const leasePrefix = 'nearport/runs/'

/** How often a lease is written anew; one that was not for four times as long is nobody's. */
export const leaseEveryMs = 30_000

const how = { contentType: 'application/json', cacheControl: 'no-store' }

/** Creates the lease of a run in a bucket; nothing is written yet. */
export function createRunLease(
  bucket: Pick<Bucket, 'put' | 'remove'>,
  identity: RunIdentity,
): RunLease {
  const key = `${leasePrefix}${identity.run}.json`
  const bytes = new TextEncoder().encode(`${JSON.stringify(identity)}\n`)
  let held: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()

  return {
    async hold() {
      held ??= begin()
      try {
        await held
      } catch (error) {
        held = undefined
        throw error
      }
    },
    async end() {
      if (held === undefined) return
      clearInterval(timer)
      held = undefined
      // One that is on its way would be back after it was removed.
      await writing
      await bucket.remove(key).catch(() => {})
    },
  }

  async function begin(): Promise<void> {
    await bucket.put(key, bytes, how)
    timer = setInterval(() => {
      // The next one may arrive: three may be missed.
      writing = bucket.put(key, bytes, how).catch(() => {})
    }, leaseEveryMs)
    timer.unref()
  }
}

/** Who this process is, as a run that begins now. */
export function createRunIdentity(): RunIdentity {
  return {
    run: randomUUID(),
    host: thisHost(),
    pid: process.pid,
    startedAt: new Date().toISOString(),
  }
}

/** Whether a process of this host is alive. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // One of another user is there, too.
    return (error as { readonly code?: string }).code === 'EPERM'
  }
}

/**
 * A name that only processes share that can see each other. Machines and containers of one name are
 * common; where the kernel does not tell which boot and which process namespace this is, the name
 * is like no other.
 */
function thisHost(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${hostname()} ${boot} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return `${hostname()} ${randomUUID()}`
  }
}
