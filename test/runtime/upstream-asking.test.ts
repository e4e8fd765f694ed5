import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { createUpstreamAsking } from '../../src/runtime/upstream-asking.ts'

test('every address of an upstream that has several is asked whether it is well, and again where it is not', async () => {
  const addresses = [{ registry: 'https://b.example' }, { registry: 'https://c.example' }]
  const config = parseConfig(
    {
      upstreams: [
        { registry: 'https://a.example', addresses },
        { registry: 'https://other.example', repositories: 'other' },
      ],
    },
    'test',
  )
  const heard: string[] = []
  const health = {
    isUp: () => true,
    hear: (registry: string, isWell: boolean) => heard.push(`${registry} ${isWell}`),
    all: () => [],
  }
  const answers: Readonly<Record<string, () => Promise<Response>>> = {
    'https://a.example/v2/': () => Promise.resolve(new Response(null, { status: 401 })),
    'https://b.example/v2/': () => Promise.resolve(new Response(null, { status: 502 })),
    'https://c.example/v2/': () => Promise.reject(new TypeError('fetch failed')),
  }
  await createUpstreamAsking(config, health, (url) => answers[new Request(url).url]!(), 1)!()
  expect(heard.toSorted()).toEqual([
    'https://a.example true',
    ...Array.from({ length: 3 }, () => 'https://b.example false'),
    ...Array.from({ length: 3 }, () => 'https://c.example false'),
  ])
})

test('where each upstream has one address nobody is asked', () => {
  const config = parseConfig({ upstreams: [{ registry: 'https://a.example' }] }, 'test')
  const health = { isUp: () => true, hear: () => {}, all: () => [] }
  expect(createUpstreamAsking(config, health, fetch)).toBeUndefined()
})
