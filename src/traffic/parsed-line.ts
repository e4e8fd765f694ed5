import type { ClientLocation } from '../core/location.ts'
import type { LogLine } from './log-line.ts'
import type { TargetKind } from './request-target.ts'
import { RequestTarget } from './request-target.ts'

/** The one line that the readers fill, and the target that it was filled from. */
export class ParsedLine implements LogLine {
  kind: LogLine['kind'] = 'other'
  timeMs = NaN
  location: ClientLocation | undefined = undefined
  bytes = NaN
  digestHigh = 0
  digestLow = 0
  lost = 0
  readonly target = new RequestTarget()

  /** Says that a line is understood, and no pull. */
  setOther(timeMs: number, location?: ClientLocation): void {
    this.kind = 'other'
    this.timeMs = timeMs
    this.location = location
    this.bytes = NaN
    this.digestHigh = 0
    this.digestLow = 0
    this.lost = 0
  }

  /** Says that a GET for what `target` read last was answered so. `sentBytes` may be NaN. */
  setGet(
    kind: TargetKind,
    timeMs: number,
    location: ClientLocation | undefined,
    status: number,
    sentBytes: number,
  ): void {
    if (kind === 'other' || !isPull(status)) {
      this.setOther(timeMs, location)
      return
    }
    this.kind = kind
    this.timeMs = timeMs
    this.location = location
    // What is sent with a redirect is not what the client went for.
    this.bytes = status < 300 ? sentBytes : NaN
    this.digestHigh = kind === 'blob' ? this.target.digestHigh : 0
    this.digestLow = kind === 'blob' ? this.target.digestLow : 0
    this.lost = 0
  }

  readonly repository = (): string => (this.kind === 'other' ? '' : this.target.repository())
  readonly reference = (): string => (this.kind === 'other' ? '' : this.target.reference())
}

/**
 * Whether a GET that was answered so sent a client to what it asked for: it got it, a range of it,
 * or the address of it. Registries use 302, 303, 307 and 308; some proxies before them 301.
 */
export function isPull(status: number): boolean {
  if (status === 200 || status === 206) return true
  return status >= 301 && status <= 308 && status !== 304 && status !== 305 && status !== 306
}
