import { createServer } from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { messageOf } from '../../src/proxy/upstream/fetch.ts'
import { createGuardedFetch } from '../../src/runtime/guarded-fetch.ts'
import { guardLookup } from '../../src/runtime/guarded-lookup.ts'

/** Who is where, to whoever asks in these tests. 203.0.113.0/24 and 2001:db8::/32 are nobody's. */
const names: Readonly<Record<string, readonly string[]>> = {
  'registry.example': ['203.0.113.1', '2001:db8::1'],
  'registry.corp.example': ['127.0.0.1'],
  'cdn.example': ['203.0.113.2', '2001:db8::2'],
  'inside.example': ['127.0.0.1'],
  'both.example': ['10.0.0.1', '203.0.113.3', 'fd00::1'],
  'metadata.example': ['169.254.169.254'],
  'mapped.example': ['::ffff:10.0.0.1'],
  'nat64.example': ['64:ff9b::a00:1'],
  'nat64-public.example': ['64:ff9b::cb00:7102'],
  'none.example': [],
}

const lookup: LookupFunction = (hostname, options, callback) => {
  const found = names[hostname]
  if (found === undefined) return callback(new Error(`no such name: ${hostname}`), '')
  const all = found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  if (options.all === true) return callback(null, all)
  return callback(null, all[0]!.address, all[0]!.family)
}

let connections = 0
let port = 0
const server = createServer((_, response) => response.end('here'))
server.on('connection', () => connections++)
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
beforeEach(() => {
  connections = 0
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
})

const refusal =
  /^fetch failed: wanted an address for anyone behind \S+, to which \S+ leads, got \S+:/

test.for<[what: string, host: string, registry: string, realms: string, isReached: boolean]>([
  ['a public registry leads to a private address', 'inside.example', 'registry.example', '', false],
  ['the same without a name', '127.0.0.1', 'registry.example', '', false],
  ['the same as a number', '2130706433', 'registry.example', '', false],
  ['it is the registry itself', 'registry.corp.example', 'registry.corp.example', '', true],
  ['a registry that is an address leads there', 'inside.example', '10.1.1.1', '', true],
  ['a registry of one label leads there', 'inside.example', 'registry', '', true],
  ['it is configured', 'inside.example', 'registry.example', 'inside.example', true],
  [
    'it is configured with its port',
    'inside.example',
    'registry.example',
    'inside.example:PORT',
    true,
  ],
  ['another port is', 'inside.example', 'registry.example', 'inside.example:1', false],
  ['another host is', 'inside.example', 'registry.example', 'cdn.example', false],
])('%s: %s for %s, realms [%s]: %s', async ([, host, registry, realms, isReached]) => {
  const send = guardedFetch(realms.replace('PORT', String(port)))
  const asked = send(`http://${host}:${port}/`, {}, `http://${registry}`)
  if (isReached) expect(await (await asked).text()).toBe('here')
  else expect(messageOf(await asked.catch((error: unknown) => error))).toMatch(refusal)
  expect(connections).toBe(isReached ? 1 : 0)
})

test('a registry leads into its own network once it was reached there, whatever its name says', async () => {
  const send = guardedFetch()
  const registry = `http://registry.corp.example:${port}`
  const beside = `http://inside.example:${port}/`
  await expect(send(beside, {}, registry)).rejects.toThrow('fetch failed')
  expect(await (await send(registry, {}, registry)).text()).toBe('here')
  expect(await (await send(beside, {}, registry)).text()).toBe('here')

  // And no other registry has a part in that, or in the connection.
  const before = connections
  await expect(send(beside, {}, 'https://registry.example')).rejects.toThrow('fetch failed')
  expect(connections).toBe(before)
})

test('a registry that cannot be reached is no private one', async () => {
  const send = guardedFetch()
  const registry = 'http://registry.corp.example:1'
  await expect(send(registry, {}, registry)).rejects.toThrow('fetch failed')
  await expect(send(`http://inside.example:${port}/`, {}, registry)).rejects.toThrow('fetch failed')
  expect(connections).toBe(0)
})

test.for<[host: string, given: readonly string[] | string]>([
  ['cdn.example', ['203.0.113.2', '2001:db8::2']],
  ['both.example', ['203.0.113.3']],
  ['nat64-public.example', ['64:ff9b::cb00:7102']],
  ['metadata.example', 'metadata.example leads to 169.254.169.254'],
  ['mapped.example', 'mapped.example leads to ::ffff:10.0.0.1'],
  ['nat64.example', 'nat64.example leads to 64:ff9b::a00:1'],
  ['none.example', 'none.example leads to none'],
  ['nowhere.example', 'no such name: nowhere.example'],
])('%s is at %s', async ([host, given]) => {
  const guarded = guardLookup(lookup, (name, got) => new Error(`${name} leads to ${got}`))
  for (const all of [true, false]) {
    const [error, found] = await new Promise<Parameters<Parameters<LookupFunction>[2]>>((resolve) =>
      guarded(host, { all }, (...answer) => resolve(answer)),
    )
    if (typeof given === 'string') expect(error?.message).toBe(given)
    else if (!all) expect(found).toBe(given[0])
    else expect((found as { address: string }[]).map(({ address }) => address)).toEqual(given)
  }
})

function guardedFetch(...realms: readonly string[]) {
  return createGuardedFetch({ realms: new Set(realms), lookup })
}
