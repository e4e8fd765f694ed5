import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Challenge } from '../../src/core/challenge.ts'
import { parseChallenges } from '../../src/core/challenge.ts'

const bearer = (realm: string, service?: string, scope?: string, error?: string): Challenge => ({
  kind: 'bearer',
  realm,
  service,
  scope,
  error,
})
const basic: Challenge = { kind: 'basic' }

test.for<[string, string, readonly Challenge[]]>([
  [
    'what Docker Hub sends',
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/x:pull,push"',
    [
      bearer(
        'https://auth.docker.io/token',
        'registry.docker.io',
        'repository:library/x:pull,push',
      ),
    ],
  ],
  [
    'what was wrong with a token',
    'Bearer realm="https://a.test/t",error="invalid_token"',
    [bearer('https://a.test/t', undefined, undefined, 'invalid_token')],
  ],
  ['a realm alone', 'Bearer realm="https://a.test/t"', [bearer('https://a.test/t')]],
  ['any case', 'bEARER REALM="https://a.test/t",Service=x', [bearer('https://a.test/t', 'x')]],
  ['Basic', 'Basic realm="Registry Realm"', [basic]],
  ['Basic with nothing more', 'Basic', [basic]],
  [
    'two in one header',
    'Basic realm="a, b", Bearer realm="https://a.test/t", service="s"',
    [basic, bearer('https://a.test/t', 's')],
  ],
  ['a scheme with a bare value before', 'Negotiate abc+/==, Bearer realm="r"', [bearer('r')]],
  ['a scheme that nobody knows', 'Digest realm="r", nonce="n", Basic realm=x', [basic]],
  ['escapes and commas in quotes', 'Bearer realm="a\\"b\\\\,c"', [bearer('a"b\\,c')]],
  ['blanks and empty places', ' , Bearer  realm = "r" ,, service= s ,', [bearer('r', 's')]],
  ['a name that is there twice', 'Bearer realm="r",realm="other"', [bearer('r')]],
  ['Bearer with no realm', 'Bearer service="s"', []],
  ['a quote without an end', 'Basic, Bearer realm="r', [basic]],
  ['a name with no value', 'Bearer realm="r",scope=', [bearer('r')]],
  ['nothing', '', []],
  ['rubbish', '"=,@', []],
])('%s', ([, header, wanted]) => {
  expect(parseChallenges(header)).toEqual(wanted)
})

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/)
const value = fc.string()
const quote = (text: string) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`

test('whatever is in the quotes comes out as it was, beside any other challenge', () => {
  const other = fc.record({ scheme: name, parameters: fc.array(fc.tuple(name, value)) })
  const others = fc.array(other, { maxLength: 3 })
  fc.assert(
    fc.property(value, value, value, others, others, (realm, service, scope, before, after) => {
      const write = ({ scheme, parameters }: { scheme: string; parameters: [string, string][] }) =>
        `x-${scheme} ${parameters.map(([key, text]) => `${key}=${quote(text)}`).join(', ')}`
      const own = `Bearer realm=${quote(realm)},service=${quote(service)}, scope=${quote(scope)}`
      const header = [...before.map(write), own, ...after.map(write)].join(', ')
      expect(parseChallenges(header)).toEqual([bearer(realm, service, scope)])
    }),
  )
})

test('no text at all makes it throw or go on for ever', () => {
  const text = fc.string({ unit: fc.constantFrom('B', 'a', '"', '\\', ',', '=', ' ', 'Basic ') })
  fc.assert(
    fc.property(text, (header) => {
      for (const { kind } of parseChallenges(header)) expect(kind).toBe('basic')
    }),
  )
})
