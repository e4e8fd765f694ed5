import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { accept } from '../../src/config/accept.ts'
import { z } from '../../src/config/recorded.ts'
import { loadZod, replay } from '../../src/config/replayed.ts'
import { configSchema } from '../../src/config/schema.ts'

const realSchema = replay(configSchema, loadZod())

// Every section, and most kinds of values: what is not here is left out of no test below by its default.
const whole = {
  upstreams: [
    {
      registry: 'https://a.example/',
      cloud: 'gcp',
      hosts: ['Docker.IO'],
      limits: { connections: 4 },
    },
    { profile: 'docker-hub', repositories: 'hub', mode: 'relay', credentials: 'HUB' },
  ],
  mirrors: [
    { id: 'aws/us-east-1', bucket: 'a', private: true, urlSeconds: 60 },
    {
      id: 'r2/global',
      bucket: 'b',
      endpoint: 'https://r2.example',
      publicUrl: 'https://p.example/',
    },
    {
      id: 'aws/eu-west-1',
      bucket: 'c',
      keyTemplate: '{hex:2}/{hex}',
      holds: { repositories: ['x/*'] },
    },
  ],
  regions: { 'aws/eu-west-3': 'aws/eu-west-1', 'aws/cn-north-1': 'upstream' },
  elsewhere: 'r2/global',
  clientAddress: { header: 'X-Forwarded-For', fromRight: 2 },
  optOut: { hosts: ['Plain.Example'], addresses: ['203.0.113.0/24'], header: 'X-No' },
  probe: { timeoutMs: 500 },
  health: { everySeconds: 0, failures: 2 },
  index: { directory: 'index', refreshSeconds: 5.5 },
  ranges: { refreshSeconds: 0, sources: { aws: null } },
  manifests: { mirrors: true },
  sync: { repositories: ['team/*', { name: 'other' }], spread: 'tee', ranges: { atOnce: 2 } },
  accounting: { upstreamBytesAMonth: 1e15 },
  publicUrl: 'https://registry.example',
  tls: { cert: 'a.crt', key: 'a.key' },
  port: 0,
}

test('a file is read as zod reads it', () => {
  const { success, data } = realSchema.safeParse(whole)
  expect(success).toBe(true)
  expect(accept(configSchema, whole)).toEqual(data)
})

test('of no value is more made than of nothing at all', () => {
  const file = { upstreams: [{ registry: 'https://a.example' }] }
  expect(accept(configSchema, file)).toEqual(realSchema.parse(file))
})

// Values of every kind, at every place of the file: most are wrong there.
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    '',
    'upstream',
    'socket',
    'aws/us-east-1',
    'https://x.example',
  ),
  fc.constantFrom<unknown>([], {}, [null], { a: 1 }, ['203.0.113.0/33'], { header: 'x y' }),
  fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, 1, 0.5, -1, 60, 1e9, 1.5)),
  fc.string(),
)

test('what is accepted is what zod accepts, and comes to the same', () => {
  fc.assert(
    fc.property(fc.constantFrom(...pathsOf(whole)), odd, fc.boolean(), (path, value, isBeside) => {
      const file = changed(whole, isBeside ? [...path.slice(0, -1), 'other'] : path, value)
      const got = accept(configSchema, file)
      const { success, data } = realSchema.safeParse(file)
      expect([got !== undefined, got]).toEqual([success, data])
    }),
    { numRuns: 400 },
  )
})

test('what is not understood without zod is left to it', () => {
  const file = { ...whole, mirrors: [{ id: 'aws/us-east-1', bucket: 'a', since: '2026-11-26' }] }
  expect(accept(configSchema, { ...file, elsewhere: 'upstream' })).toBeUndefined()
  expect(realSchema.safeParse(file).success).toBe(true)
})

test('every configuration of deploy/ is read without zod', async () => {
  const places = join(import.meta.dirname, '../../deploy')
  const files = await readdir(places, { recursive: true })
  const texts = files.filter((file) => /nearport.*\.json$/.test(file) && !file.includes('grafana'))
  for (const file of texts) {
    const json = JSON.parse(await readFile(join(places, file), 'utf8')) as unknown
    expect([file, accept(configSchema, json)]).toEqual([file, realSchema.parse(json)])
  }
})

test('a recorded schema is neither parsed with nor awaited', async () => {
  const schema = z.string()
  expect(() => schema.parse('x')).toThrow(
    'wanted accept or replay for a recorded schema, got .parse',
  )
  await expect(Promise.resolve().then(() => schema)).rejects.toThrow('got .then')
})

type Path = readonly (string | number)[]

function pathsOf(value: unknown): readonly Path[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, part]) => {
    const at = Array.isArray(value) ? Number(key) : key
    return [[at], ...pathsOf(part).map((path) => [at, ...path])]
  })
}

function changed(value: unknown, [first, ...rest]: Path, to: unknown): unknown {
  const part = (value as Readonly<Record<string, unknown>>)[first!]
  const next = rest.length === 0 ? to : changed(part, rest, to)
  if (Array.isArray(value))
    return value.map((each, at) => (at === first ? next : (each as unknown)))
  return { ...(value as object), [first!]: next }
}
