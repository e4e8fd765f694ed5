import { expect, test } from 'vitest'
import { upstreamOf, upstreamRepository, upstreamUrl } from '../../src/core/upstream.ts'

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

test.for<[string, string, string, string]>([
  ['a name of one segment is in library', '', 'alpine', 'library/alpine'],
  ['a name of two is not', '', 'grafana/grafana', 'grafana/grafana'],
  ['a name that says library says it once', '', 'library/alpine', 'library/alpine'],
  ['a namespace is a segment too', 'team', 'app', 'team/app'],
  ['before every name there is nothing', '', '', ''],
])('on Docker Hub %s', ([, namespace, repository, wanted]) => {
  expect(upstreamRepository({ ...all, namespace, library: true }, repository)).toBe(wanted)
})
