import { bytesText } from '../../core/bytes-text.ts'
import type { Ways } from '../report.ts'
import type { Way } from './chart.ts'
import { countedText } from './figures.ts'

/** What ways are compared by. */
export type Measure = 'bytes' | 'requests'

/** By bytes, or, where nobody knows any, by requests: better than a picture of nothing. */
export function measureOf(ways: readonly Ways[]): Measure {
  return ways.some(({ bytes }) => bothWays(bytes) > 0) ? 'bytes' : 'requests'
}

/** What went by either way. */
export function bothWays({ mirror, upstream }: Ways[Measure]): number {
  return mirror + upstream
}

/** Whether nobody knows how much went a way, so that zero bytes are no answer. */
export function isUnsized({ bytes, requests, unsized }: Ways, way: Way): boolean {
  return unsized > 0 && bytes[way] === 0 && requests[way] > 0
}

/** So much of it, for people. */
export function measureText(amount: number, measure: Measure): string {
  return measure === 'bytes' ? bytesText(amount, 3) : countedText(amount, 'pull')
}
