import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config.ts'
import { checkWorkerConfig } from '../../../src/runtime/worker/check.ts'
import { makeWorkerConfig } from '../../../src/runtime/worker/config.ts'

const upstreams = [{ registry: 'https://registry.example' }]
const edge = { kind: 'header', header: 'cf-connecting-ip', fromRight: 1 }

test.for<[string, object]>([
  ['says nothing of it', {}],
  ['has the socket', { clientAddress: 'socket' }],
  ['has the edge’s header', { clientAddress: { header: 'CF-Connecting-IP' } }],
])('a file that %s is read with the address the edge gives', ([, keys]) => {
  expect(makeWorkerConfig(deployed({ upstreams, ...keys })).clientAddress).toEqual(edge)
})

test('what was checked and deployed is what Node makes of the file', () => {
  const file = {
    upstreams: [{ profile: 'docker-hub', mode: 'relay', credentials: 'HUB' }, ...upstreams].map(
      (each, n) => ({ ...each, repositories: `p${n}` }),
    ),
    mirrors: [
      { id: 'aws/us-east-1', bucket: 'a' },
      { id: 'r2/global', bucket: 'b', endpoint: 'https://x.example', keyTemplate: '{hex:2}/{hex}' },
    ],
    regions: { 'aws/eu-west-3': 'aws/us-east-1' },
    optOut: { addresses: ['203.0.113.0/24'] },
    health: { everySeconds: 10 },
  }
  const wanted = { ...parseConfig(file, 'the test'), clientAddress: edge }
  expect(shown(makeWorkerConfig(deployed(file)))).toEqual(shown(wanted))
})

test('isolates look after mirrors once a minute, unless the file says how often', () => {
  expect(makeWorkerConfig(deployed({ upstreams })).health.everySeconds).toBe(60)
  const often = { upstreams, health: { everySeconds: 5 } }
  expect(makeWorkerConfig(deployed(often)).health.everySeconds).toBe(5)
})

test.for<[string, object]>([
  ['{"header":"x-forwarded-for","fromRight":2}', { header: 'x-forwarded-for', fromRight: 2 }],
  ['{"header":"cf-connecting-ip","fromRight":2}', { header: 'cf-connecting-ip', fromRight: 2 }],
])('a file that trusts %s was written for another place', ([got, clientAddress]) => {
  expect(() => checkWorkerConfig({ upstreams, clientAddress }, 'nearport.json')).toThrow(
    `clientAddress: wanted {"header": "cf-connecting-ip"} or nothing, as a Worker trusts no other, got ${got}`,
  )
})

test.for([undefined, null, 'x', {}, { upstreams }])('%s was checked by nobody', (json) => {
  expect(() => makeWorkerConfig(json)).toThrow('wanted a nearport.json as wrangler.toml’s build')
})

/** What is left of a file in the Worker. */
function deployed(file: object): unknown {
  return JSON.parse(JSON.stringify(checkWorkerConfig(file, 'the test')))
}

/** All that is no function: those are made anew each time. */
function shown(config: object): unknown {
  return JSON.parse(JSON.stringify(config))
}
