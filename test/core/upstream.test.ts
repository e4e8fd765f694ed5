import { expect, test } from 'vitest'
import {
  ownRepository,
  upstreamOf,
  upstreamRepository,
  upstreamUrl,
} from '../../src/core/upstream.ts'

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

const hub = { ...all, repositories: 'hub', dropPrefix: true, library: true }

test.for<[string, string, string]>([
  ['a prefix that is dropped is not the upstream’s', 'hub/grafana/loki', 'grafana/loki'],
  ['what is left may be in library', 'hub/alpine', 'library/alpine'],
  ['where nothing is dropped, a name goes as it is', 'grafana/loki', 'grafana/loki'],
])('%s', ([, repository, wanted]) => {
  expect(upstreamRepository(hub, repository)).toBe(wanted)
})

test('a prefix that is dropped is no repository itself', () => {
  expect(upstreamOf([hub, all], 'hub')).toBe(all)
  expect(upstreamOf([hub, all], 'hub/alpine')).toBe(hub)
})

test.for<[string, object, string, string | undefined]>([
  ['a name upstream is the same here', {}, 'team/app', 'team/app'],
  ['a namespace goes', { namespace: 'a/b' }, 'a/b/app', 'app'],
  ['what is in another namespace is none of ours', { namespace: 'a/b' }, 'a/bc/app', undefined],
  [
    'a prefix of ours comes before it',
    { repositories: 'hub', dropPrefix: true },
    'grafana/loki',
    'hub/grafana/loki',
  ],
  ['of no prefix nothing comes', { dropPrefix: true }, 'app', 'app'],
])('%s', ([, changes, name, wanted]) => {
  expect(ownRepository({ ...all, ...changes }, name)).toBe(wanted)
})
