import { setTimeout as sleep } from 'node:timers/promises'
import { corrupted, cutShort } from './fault.ts'
import type { Intercept } from './observe.ts'
import { StoreError, type StoreErrorCode, storeErrorResponse } from './store-error.ts'

/** A fault for the requests that it is meant for, and no more than so many of them. */
export function faultFor(
  isMeant: (request: Request) => boolean,
  fault: Intercept,
  times = Infinity,
): Intercept {
  let left = times
  return (request, next) => {
    if (left <= 0 || !isMeant(request)) return undefined
    left -= 1
    return fault(request, next)
  }
}

/** Refuses as S3 does: `SlowDown` is a 503, `PreconditionFailed` a 412, `NotImplemented` a 501. */
export function refusing(code: StoreErrorCode): Intercept {
  return () => storeErrorResponse(new StoreError(code))
}

/** Does what was asked, and then says that it did not: whoever asks again finds it done. */
export function denying(code: StoreErrorCode): Intercept {
  return async (_request, next) => {
    await next()
    return storeErrorResponse(new StoreError(code))
  }
}

/** Takes its time before it does what was asked. */
export function slow(ms: number): Intercept {
  return async (_request, next) => {
    await sleep(ms)
    return next()
  }
}

/** Sends so many bytes of a body, promises all of them, and closes. */
export function cutting(byteCount: number): Intercept {
  return async (_request, next) => cutShort(await next(), byteCount)
}

/** Sends a body of the right length and with one wrong bit. */
export function corrupting(): Intercept {
  return async (_request, next) => corrupted(await next())
}

/** Answers with another SHA-256 than the object's: base64, as in `x-amz-checksum-sha256`. */
export function misstatingChecksum(sha256: string): Intercept {
  return async (_request, next) => {
    const answer = await next()
    const headers = new Headers(answer.headers)
    headers.set('x-amz-checksum-sha256', sha256)
    return new Response(answer.body, { status: answer.status, headers })
  }
}

/**
 * Lists what was there when it listed the same for the first time: what was written since is not
 * there yet, and what was removed still is.
 */
export function listingStale(): Intercept {
  const answers = new Map<string, { readonly text: string; readonly headers: Headers }>()
  return async (request, next) => {
    const { search } = new URL(request.url)
    if (request.method !== 'GET' || !search.includes('list-type=2')) return undefined
    if (!answers.has(search)) {
      const answer = await next()
      answers.set(search, { text: await answer.text(), headers: answer.headers })
    }
    const { text, headers } = answers.get(search)!
    return new Response(text, { headers })
  }
}
