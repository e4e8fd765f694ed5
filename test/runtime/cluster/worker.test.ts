import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config.ts'
import { shareOf } from '../../../src/runtime/cluster/worker.ts'

const configOf = (health: object) =>
  parseConfig({ upstreams: [{ registry: 'https://a.example', cloud: 'gcp' }], health }, 'the test')

test('what an instance may spend is shared by its processes', () => {
  const { health } = shareOf(configOf({ dollarsAnHour: 50 }), 4)
  expect(health).toEqual({ ...configOf({}).health, dollarsAnHour: 12.5 })
  const unlimited = configOf({})
  expect(shareOf(unlimited, 4)).toBe(unlimited)
})
