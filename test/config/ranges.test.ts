import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'

function parse(ranges?: object): ReturnType<typeof parseConfig>['ranges'] {
  const upstreams = [{ registry: 'https://registry.example' }]
  return parseConfig({ upstreams, ...(ranges && { ranges }) }, 'nearport.json').ranges
}

test('ranges are kept fresh from the vendors’ addresses, and nothing is kept on disk', () => {
  expect(parse()).toEqual({
    refreshSeconds: 86_400,
    sources: {
      aws: 'https://ip-ranges.amazonaws.com/ip-ranges.json',
      gcp: 'https://www.gstatic.com/ipranges/cloud.json',
      azure: null,
    },
    mostShrunk: 0.2,
    mostMoved: 0.05,
    mostGrown: 0.5,
    mostOfRegion: 0.5,
  })
})

test('a source may be anywhere, with a query too, or nowhere', () => {
  const azure = 'http://files.example/ServiceTags_Public.json?version=7'
  expect(parse({ sources: { azure, gcp: null } }).sources).toMatchObject({ azure, gcp: null })
  expect(parse({ refreshSeconds: 0 }).refreshSeconds).toBe(0)
})

test.for<[string, object, string]>([
  [
    'an address with a user in it',
    { sources: { aws: 'https://me:secret@files.example/' } },
    'ranges.sources.aws: wanted an http or https address with no user, or null',
  ],
  ['an address that is a file’s', { sources: { gcp: 'file:///x' } }, 'ranges.sources.gcp'],
  ['looks that follow too fast', { refreshSeconds: 5 }, 'ranges.refreshSeconds'],
  ['a share that is more than all', { mostMoved: 5 }, 'ranges.mostMoved'],
  ['a cloud that nobody knows', { sources: { oracle: null } }, 'ranges.sources'],
])('%s is refused', ([, ranges, message]) => {
  expect(() => parse(ranges)).toThrow(message)
})
