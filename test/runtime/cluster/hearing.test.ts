import { expect, test } from 'vitest'
import type { ServiceEvent } from '../../../src/core/event.ts'
import { createHearing } from '../../../src/runtime/cluster/hearing.ts'

/** Hears of pieces, and says what was written to the log and what was counted. */
function hearAll(...pieces: readonly (readonly string[])[]) {
  const counted: ServiceEvent[] = []
  let written = ''
  const hear = createHearing({
    writeLines: (lines) => (written += lines),
    count: (event) => counted.push(event),
  })
  for (const lines of pieces) hear(lines.map((line) => `${line}\n`).join(''))
  return { written, counted }
}

const request = (n: number) => `{"event":"request","timeMs":${n},"reason":"in-region"}`
const certificate = (timeMs: number, of: object) =>
  JSON.stringify({ event: 'certificate', timeMs, ...of })

test('lines go to the log as they are, and each event is counted', () => {
  const { written, counted } = hearAll([request(1), request(2)], [request(3)])
  expect(written).toBe(`${request(1)}\n${request(2)}\n${request(3)}\n`)
  expect(counted.map(({ timeMs }) => timeMs)).toEqual([1, 2, 3])
})

test('a certificate that each process takes is told once, and another is told again', () => {
  const [first, second] = [
    { outcome: 'taken', validTo: '2030' },
    { outcome: 'taken', validTo: '2031' },
  ]
  const told = [certificate(1, first), request(2), certificate(3, first), certificate(4, second)]
  const { written, counted } = hearAll(told, [certificate(5, second)])
  expect(written).toBe(`${told[0]}\n${told[1]}\n${told[3]}\n`)
  expect(counted.map(({ timeMs }) => timeMs)).toEqual([1, 2, 4])
})

test('what is no event is in the log all the same', () => {
  const { written, counted } = hearAll(['a warning of a library', request(1)])
  expect(written).toBe(`a warning of a library\n${request(1)}\n`)
  expect(counted).toHaveLength(1)
})
