import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import type { ConfigError } from '../../src/config/error.ts'

const hub = { registry: 'https://hub.example', clientCredentials: true }

test.for<[string, object, readonly string[]]>([
  ['in relay mode', { upstreams: [{ ...hub, mode: 'relay' }] }, []],
  ['by a profile', { upstreams: [{ profile: 'ghcr', clientCredentials: true }] }, []],
  ['with credentials for sync', { upstreams: [{ ...hub, mode: 'relay', credentials: 'HUB' }] }, []],
  [
    'in redirect mode',
    { upstreams: [hub] },
    ['upstreams[0].mode: wanted relay beside clientCredentials, got redirect'],
  ],
  [
    'with several addresses',
    {
      upstreams: [
        { profile: 'ghcr', repositories: 'a' },
        {
          ...hub,
          mode: 'relay',
          addresses: [{ registry: 'https://b.example' }],
          signatures: 'https://c.example',
        },
      ],
    },
    [
      'upstreams[1].addresses: wanted none beside clientCredentials, which are for one registry, got 1',
      'upstreams[1].signatures: wanted none beside clientCredentials, which are for one registry, got https://c.example',
    ],
  ],
  [
    'at a public address without TLS',
    { upstreams: [{ ...hub, mode: 'relay' }], publicUrl: 'http://r.example' },
    [
      'publicUrl: wanted https, or a host in a private network, as passwords go there, got "http://r.example"',
    ],
  ],
  [
    'at a private one',
    { upstreams: [{ ...hub, mode: 'relay' }], publicUrl: 'http://10.0.0.1' },
    [],
  ],
  [
    'at an address with a path',
    { upstreams: [{ ...hub, mode: 'relay' }], publicUrl: 'https://r.example/a' },
    [expect.stringMatching(/^publicUrl: wanted scheme and host alone/)],
  ],
])('the credentials of clients %s', ([, json, problems]) => {
  expect(problemsOf(json)).toEqual(problems)
})

function problemsOf(json: object): readonly string[] {
  try {
    parseConfig(json, 'test')
    return []
  } catch (error) {
    return (error as ConfigError).problems
  }
}
