import { expect, test } from 'vitest'
import type { HostsOf } from '../../src/core/hosts.ts'
import { hostsText, listHosts } from '../../src/core/hosts.ts'

const upstream = { repositories: '', namespace: '', registry: 'https://registry.example' }
const none: HostsOf = { upstreams: [], mirrors: [] }

test.for<[string, HostsOf, readonly string[]]>([
  [
    'mirrors come first, each with its day',
    {
      upstreams: [upstream],
      mirrors: [
        { id: 'aws/eu-west-1', publicUrl: 'https://b.s3.example', since: '2026-11-26' },
        { id: 'r2/global', publicUrl: 'http://127.0.0.1:9000/bucket' },
      ],
    },
    [
      'b.s3.example mirror aws/eu-west-1 2026-11-26',
      '127.0.0.1:9000 mirror r2/global -',
      'registry.example upstream registry.example -',
    ],
  ],
  [
    'every address of an upstream may be one',
    {
      ...none,
      upstreams: [
        {
          ...upstream,
          addresses: [{ registry: 'https://eu.example' }],
          signatures: 'https://all.example',
        },
      ],
    },
    ['registry', 'eu', 'all'].map((name) => `${name}.example upstream registry.example -`),
  ],
  [
    'a relayed upstream is not, and where its blobs are is',
    { ...none, upstreams: [{ ...upstream, mode: 'relay', blobHosts: ['*.cdn.example'] }] },
    ['*.cdn.example blobs of registry.example -'],
  ],
  [
    'a host of two is there once, since the earlier day',
    {
      ...none,
      mirrors: [
        { id: 'gcp/a', publicUrl: 'https://storage.example/a', since: '2026-11-26' },
        { id: 'gcp/b', publicUrl: 'https://storage.example/b', since: '2025-01-01' },
        { id: 'gcp/c', publicUrl: 'https://storage.example/c' },
      ],
    },
    ['storage.example mirror gcp/a, mirror gcp/b, mirror gcp/c 2025-01-01'],
  ],
])('%s', ([, of, wanted]) => {
  expect(hostsText(listHosts(of)).replaceAll('\t', ' ').split('\n')).toEqual([...wanted, ''])
})
