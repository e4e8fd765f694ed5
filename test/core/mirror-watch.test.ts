import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { canaryDigest } from '../../src/core/canary.ts'
import type { MirrorWatch, WatchOutcome } from '../../src/core/mirror-watch.ts'
import {
  hasEveryoneFailed,
  hearOutcome,
  hearRound,
  unwatched,
} from '../../src/core/mirror-watch.ts'
import { canaryOf } from '../../src/sync/publish/canary.ts'

const terms = { failures: 3, successes: 2, window: 20, greyShare: 0.2 }
const words: Readonly<Record<string, WatchOutcome>> = { g: 'good', s: 'slow', f: 'failed' }

/** Hears outcomes, a letter each, at the times 1, 2, 3, …; what it tells is a letter for each too. */
function hear(letters: string, from = unwatched): { watch: MirrorWatch; told: string } {
  let watch = from
  let told = ''
  for (const [at, letter] of letters.split('').entries()) {
    watch = hearOutcome(watch, words[letter]!, at + 1, terms)
    told += watch.out === undefined ? '.' : watch.out.why === 'failed' ? 'F' : 'G'
  }
  return { watch, told }
}

test.for<[name: string, outcomes: string, told: string]>([
  ['one that is well stays', 'gggggggggggg', '............'],
  ['three failures in a row put it out', 'gfff', '...F'],
  ['one failure now and then does not', 'gfggggggggggfggggggggggfggg', '.'.repeat(27)],
  ['two good answers in a row bring it back', 'fffgg', '..FF.'],
  ['one good answer does not', 'fffgfgfgg', '..FFFFFF.'],
  ['a slow answer brings nobody back', 'fffgsgsgg', '..FFFFFF.'],
  ['a fifth of a window that failed puts it out', 'fgfgfggf', '.......G'],
  ['so does a fifth that was slow', `sss${'g'.repeat(16)}s`, `${'.'.repeat(19)}G`],
  ['what is out of the window does not count', `sss${'g'.repeat(17)}s`, '.'.repeat(21)],
  ['slow and failed are counted together', 'gsfsf', '....G'],
  ['whoever is out again soon is back twice as late', 'fffggfffgggg', '..FF...FFFF.'],
  [
    'and each time twice as late, up to a window',
    `fffggfff${'g'.repeat(4)}fff${'g'.repeat(8)}fff${'g'.repeat(16)}fff${'g'.repeat(20)}`,
    `..FF...FFFF...${'F'.repeat(8)}...${'F'.repeat(16)}...${'F'.repeat(20)}.`,
  ],
  [
    'whoever was well for a window begins anew',
    `fffggfffgggg${'g'.repeat(20)}fffgg`,
    `..FF...FFFF.${'.'.repeat(20)}..FF.`,
  ],
])('%s', ([, outcomes, told]) => {
  expect(hear(outcomes).told).toBe(told)
})

test('since when and why it is out is told, whatever comes then', () => {
  expect(hear('gfffgfs').watch.out).toEqual({ sinceMs: 4, why: 'failed' })
  expect(hear('ssff').watch.out).toEqual({ sinceMs: 4, why: 'grey' })
})

const both = ['aws/us-east-1', 'aws/eu-west-1']

function hearRounds(rounds: readonly (readonly [string, boolean])[]): readonly string[] {
  let watches: ReadonlyMap<string, MirrorWatch> = new Map(both.map((id) => [id, unwatched]))
  for (const [at, [letters, isUpstreamWell]] of rounds.entries()) {
    const outcomes = new Map(both.map((id, place) => [id, words[letters[place]!]]))
    watches = hearRound(watches, outcomes, isUpstreamWell, at, terms)
  }
  return both.filter((id) => watches.get(id)!.out !== undefined)
}

test.for<[name: string, round: string, isUpstreamWell: boolean, out: readonly string[]]>([
  ['one that fails alone is out', 'fg', true, ['aws/us-east-1']],
  ['also where the upstream does not answer', 'fg', false, ['aws/us-east-1']],
  ['all that fail are out where the upstream answers', 'ff', true, both],
  ['none is out where the upstream does not answer either', 'ff', false, []],
  ['nor where the one that was asked fails, and nobody else answers', 'f-', false, []],
  ['one of which nothing is known is not out', '-f', true, ['aws/eu-west-1']],
])('of rounds: %s', ([, round, isUpstreamWell, out]) => {
  expect(hearRounds([1, 2, 3].map(() => [round, isUpstreamWell] as const))).toEqual(out)
})

test('nobody is put out in a round in which nobody at all answered', () => {
  const outcome = fc.constantFrom('g', 's', 'f', '-')
  const round = fc.tuple(
    fc.tuple(outcome, outcome).map(([a, b]) => a + b),
    fc.boolean(),
  )
  fc.assert(
    fc.property(fc.array(round, { maxLength: 40 }), (rounds) => {
      const isWord = ([letters, isWell]: readonly [string, boolean]) =>
        isWell || /[gs]/.test(letters) || letters === '--'
      expect(hearRounds(rounds)).toEqual(hearRounds(rounds.filter(isWord)))
    }),
    { numRuns: 60 },
  )
})

test('a mirror is out only after a failure or a slow answer, and back only after good ones', () => {
  const outcomes = fc.array(fc.constantFrom('g', 'g', 'g', 's', 'f'), { maxLength: 80 })
  fc.assert(
    fc.property(outcomes, (letters) => {
      let watch = unwatched
      for (const [at, letter] of letters.entries()) {
        const next = hearOutcome(watch, words[letter]!, at, terms)
        if (watch.out === undefined && next.out !== undefined) {
          expect(letter).not.toBe('g')
          const since = letters.slice(0, at + 1).join('')
          const lately = since.slice(-terms.window)
          expect(since.endsWith('fff') || lately.replaceAll('g', '').length >= 4).toBe(true)
        }
        if (watch.out !== undefined && next.out === undefined) {
          expect(letters.slice(at - 1, at + 1)).toEqual(['g', 'g'])
        }
        expect(next.recent.length).toBeLessThanOrEqual(terms.window)
        watch = next
      }
    }),
    { numRuns: 100 },
  )
})

test('where nobody was asked nobody has failed', () => {
  expect(hasEveryoneFailed(new Map([['aws/us-east-1', undefined]]))).toBe(false)
})

test('a mirror’s canary is asked for by the digest that sync stores it by', () => {
  for (const id of both) expect(canaryDigest(id)).toBe(canaryOf(id).digest)
})
