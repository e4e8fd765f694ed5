import { expect, test } from 'vitest'
import { decide } from '../../src/core/decide.ts'
import { createNamedPolicy } from '../../src/core/named-policy.ts'
import { nsOf, parseRequest } from '../../src/core/request.ts'
import { upstreamUrl } from '../../src/core/upstream.ts'
import { presenceOf, worldPolicy } from './world.ts'

const hub = {
  repositories: 'docker.io',
  dropPrefix: true,
  hosts: ['docker.io', 'hub.images.example'],
  registry: 'https://hub.example',
  namespace: '',
  library: true,
}
const corp = {
  repositories: 'corp',
  hosts: ['registry.corp:5000'],
  dropPrefix: true,
  registry: 'https://corp.example',
  namespace: 'prod',
}
const team = { ...corp, repositories: 'team', hosts: ['team.example'], dropPrefix: false }
const own = { repositories: '', registry: 'https://own.example', namespace: '' }

type Row = [name: string, host: string, path: string, wanted: string]

test.for<Row>([
  ['any name has the prefixes', 'images.example', 'app', 'https://own.example/v2/app'],
  [
    'a prefix that is dropped leads to the same as its name',
    'images.example',
    'docker.io/alpine',
    'https://hub.example/v2/library/alpine',
  ],
  [
    'a name of its own has the upstream’s repositories as they are there',
    'hub.images.example',
    'grafana/loki',
    'https://hub.example/v2/grafana/loki',
  ],
  [
    'a name counts in any case',
    'Hub.Images.EXAMPLE',
    'alpine',
    'https://hub.example/v2/library/alpine',
  ],
  ['a name counts at any port', 'hub.images.example:8443', 'a/b', 'https://hub.example/v2/a/b'],
  [
    'a name with a port counts at that',
    'registry.corp:5000',
    'app',
    'https://corp.example/v2/prod/app',
  ],
  ['and at no other', 'registry.corp:5001', 'app', 'https://own.example/v2/app'],
  [
    'under a name of its own a prefix is a name as any other',
    'hub.images.example',
    'corp/app',
    'https://hub.example/v2/corp/app',
  ],
  [
    'a prefix that is kept upstream is put there',
    'team.example',
    'app',
    'https://corp.example/v2/prod/team/app',
  ],
  [
    'as it is where it is asked for',
    'images.example',
    'team/app',
    'https://corp.example/v2/prod/team/app',
  ],
  ['ns stands above the Host', 'images.example', 'a/b?ns=docker.io', 'https://hub.example/v2/a/b'],
  [
    'also above one that is listed',
    'registry.corp:5000',
    'a/b?ns=docker.io',
    'https://hub.example/v2/a/b',
  ],
  [
    'ns may be encoded',
    'images.example',
    'app?ns=registry.corp%3A5000',
    'https://corp.example/v2/prod/app',
  ],
  [
    'an ns that is the Host is no other name',
    'images.example',
    'app?ns=images.example',
    'https://own.example/v2/app',
  ],
  ['an empty ns is none', 'images.example', 'app?ns=', 'https://own.example/v2/app'],
  ['an ns that nobody lists has nothing here', 'images.example', 'app?ns=quay.io', 'NAME_UNKNOWN'],
  ['also where the Host is listed', 'hub.images.example', 'app?ns=quay.io', 'NAME_UNKNOWN'],
])('%s', ([, host, path, wanted]) => {
  const policy = { ...worldPolicy(), upstreams: [hub, corp, team, own] }
  expect(answerOf(createNamedPolicy(policy), host, path)).toBe(wanted)
})

test('where no upstream lists a name, no name counts and none is looked at', () => {
  const policyOf = createNamedPolicy({ ...worldPolicy(), upstreams: [own] })
  const host = () => {
    throw new Error('looked at')
  }
  expect(policyOf(host, 'docker.io').upstreams).toEqual([own])
})

test('what is asked by a name of its own is known by its prefix here', () => {
  const policyOf = createNamedPolicy({ ...worldPolicy(), upstreams: [hub, own] })
  expect(policyOf(() => 'docker.io', undefined).within).toBe('docker.io')
  expect(policyOf(() => 'images.example', undefined).within).toBeUndefined()
})

test.for<[string, string | undefined, string]>([
  ['a name of one upstream alone is told', 'docker.io', 'name: of docker.io alone'],
  ['as one of all that has no prefix', 'all.example', 'name: of any alone'],
])('%s', ([, ns, step]) => {
  const all = { ...own, hosts: ['all.example'] }
  const policyOf = createNamedPolicy({ ...worldPolicy(), upstreams: [hub, all] })
  const steps: string[] = []
  const policy = policyOf(() => '', ns)
  const request = parseRequest('GET', '/v2/app/manifests/1')
  decide(request, undefined, policy, undefined, (each) => steps.push(each))
  expect(steps).toContain(step)
})

function answerOf(policyOf: ReturnType<typeof createNamedPolicy>, host: string, path: string) {
  const [repository = '', query] = path.split('?')
  const target = `/v2/${repository}/manifests/1${query === undefined ? '' : `?${query}`}`
  const request = parseRequest('GET', target)
  const policy = policyOf(() => host, nsOf(request))
  const decision = decide(request, undefined, policy, presenceOf({}))
  if (decision.action === 'refuse') return decision.refusal.code
  if (decision.action !== 'upstream') return decision.action
  return upstreamUrl(decision.upstream, repository, '').replace(/\/$/, '')
}
