import { Registry } from '@prometheus-io/client'
import { expect, test } from 'vitest'
import { addCertificateGauge } from '../../src/metrics/certificate-metrics.ts'

/** What is scraped of it, each time at the moment that is given, in milliseconds. */
function createWorld() {
  const registry = new Registry()
  let nowMs = 0
  const hear = addCertificateGauge([registry], () => nowMs)
  return {
    hear,
    valueAt: async (ms: number) => {
      nowMs = ms
      const text = await registry.metrics()
      return /^nearport_certificate_valid_seconds (.+)$/m.exec(text)?.[1]
    },
  }
}
const taken = (validToMs: number) =>
  ({
    event: 'certificate',
    timeMs: 0,
    outcome: 'taken',
    validTo: new Date(validToMs).toISOString(),
  }) as const

test('without a certificate there is no number', async () => {
  expect(await createWorld().valueAt(0)).toBeUndefined()
})

test('what a certificate still holds goes down, to below nothing, until another is taken', async () => {
  const { hear, valueAt } = createWorld()
  hear(taken(60_000))
  expect([await valueAt(0), await valueAt(45_000), await valueAt(61_000)]).toEqual([
    '60',
    '15',
    '-1',
  ])
  hear(taken(100_000))
  expect(await valueAt(61_000)).toBe('39')
})

test('one that is refused changes nothing', async () => {
  const { hear, valueAt } = createWorld()
  hear(taken(60_000))
  hear({ event: 'certificate', timeMs: 0, outcome: 'refused', problem: 'why' })
  expect(await valueAt(0)).toBe('60')
})
