import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'

const parse = (manifests?: unknown) =>
  parseConfig({ upstreams: [{ registry: 'https://a.example' }], manifests }, 'nearport.json')

test('manifests are kept only where that is said, and then tags are asked for every time', () => {
  expect(parse().manifests).toBeUndefined()
  expect(parse({}).manifests).toEqual({
    memoryBytes: 67_108_864,
    tagSeconds: 0,
    staleSeconds: 86_400,
    mirrors: false,
  })
})

test('what cannot be is refused by its path', () => {
  const wrong = { memoryBytes: 1000, tagSeconds: -1, staleSeconds: 1e9, tags: 1 }
  let message = ''
  try {
    parse(wrong)
  } catch (error) {
    message = (error as Error).message
  }
  for (const path of ['memoryBytes', 'tagSeconds', 'staleSeconds', 'tags']) {
    expect(message).toMatch(new RegExp(`manifests.*${path}`))
  }
})
