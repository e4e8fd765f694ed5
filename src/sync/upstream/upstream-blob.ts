import type { Readable } from 'node:stream'
import { UpstreamError } from './upstream-error.ts'
import type { RequestSettings, UpstreamAnswer, UpstreamRequest } from './upstream-request.ts'
import { nameOf, sendRequest } from './upstream-request.ts'

/** Part of a blob: positions of its first and last byte. */
export type ByteRange = { readonly first: number; readonly last: number }

/** A blob, or a range of one, about to be read. */
export type OpenedBlob = {
  readonly body: Readable
  /** What the answer says of the body's length, if it says it. */
  readonly lengthBytes: number | undefined
  /** Whether the body is the range that was asked for; else it is the whole. */
  readonly isPartial: boolean
}

/**
 * Opens a blob of so many bytes, or a range of it where the upstream knows ranges. Throws
 * UpstreamError: `malformed` where another range came.
 */
export async function openBlob(
  asked: UpstreamRequest,
  sizeBytes: number,
  range: ByteRange | undefined,
  settings: RequestSettings,
): Promise<OpenedBlob> {
  if (range === undefined) {
    const whole = { ...asked, deadlineMs: blobDeadlineMs(sizeBytes) }
    const answer = await sendRequest(whole, settings)
    return { body: answer.body, lengthBytes: lengthOf(answer), isPartial: false }
  }

  const wanted = `bytes ${range.first}-${range.last}/`
  const answer = await sendRequest(
    {
      ...asked,
      headers: { ...asked.headers, range: `bytes=${range.first}-${range.last}` },
      expected: [206],
      // An upstream that knows no ranges sends the whole.
      deadlineMs: blobDeadlineMs(sizeBytes),
    },
    settings,
  )
  const isPartial = answer.status === 206
  const got = answer.header('content-range')
  const isWanted = got === `${wanted}${sizeBytes}` || got === `${wanted}*`
  if (isPartial && !isWanted) {
    answer.body.destroy()
    const message = `wanted ${wanted}${sizeBytes} from ${nameOf(asked)}, got ${got?.slice(0, 100)}`
    throw new UpstreamError('malformed', message)
  }
  return { body: answer.body, lengthBytes: lengthOf(answer), isPartial }
}

/**
 * Two minutes, and time for the bytes at 100 kB/s: slower than that is as good as standing still.
 */
export function blobDeadlineMs(sizeBytes: number): number {
  return 120_000 + Math.ceil(sizeBytes / 100)
}

function lengthOf(answer: UpstreamAnswer): number | undefined {
  const length = answer.header('content-length')
  return length === undefined ? undefined : Number(length)
}
