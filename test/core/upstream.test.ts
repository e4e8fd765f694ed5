import { expect, test } from 'vitest'
import { upstreamOf, upstreamUrl } from '../../src/core/upstream.ts'

const all = { repositories: '', registry: 'https://all.example', namespace: '' }
const team = { repositories: 'team', registry: 'https://team.example', namespace: 'a/b' }

test.for<[string, string, string]>([
  ['the longest prefix wins', 'team/app', 'https://team.example/v2/a/b/team/app/tags/list'],
  ['a prefix is a repository too', 'team', 'https://team.example/v2/a/b/team/tags/list'],
  ['half a segment is no prefix', 'teamwork', 'https://all.example/v2/teamwork/tags/list'],
])('%s', ([, repository, url]) => {
  const upstream = upstreamOf([team, all], repository)!
  expect(upstreamUrl(upstream, repository, 'tags/list')).toBe(url)
})
