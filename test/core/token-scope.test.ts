import { expect, test } from 'vitest'
import { pullScope, readPullScopes } from '../../src/core/token-scope.ts'

const many = (count: number) =>
  Array.from({ length: count }, (_, n) => `scope=repository:r${n}x:pull`).join('&')

test.for<[string, string, readonly string[]]>([
  ['nothing', '', []],
  ['a login', '?account=me&client_id=docker&offline_token=true&service=us.example', []],
  ['one repository', '?service=us&scope=repository%3Ateam%2Fapp%3Apull', ['team/app']],
  ['the same, unencoded', '?scope=repository:team/app:pull', ['team/app']],
  ['pushing too', '?scope=repository:team/app:push,pull,delete', ['team/app']],
  ['pushing alone', '?scope=repository:team/app:push', []],
  ['the catalog, and a plugin', '?scope=registry:catalog:*&scope=repository(plugin):a:pull', []],
  ['two in one', '?scope=repository:a/long:pull+repository:b:pull', ['a/long', 'b']],
  ['one twice', '?scope=repository:a:pull&scope=repository:a:pull,push', ['a']],
  [
    'containerd’s, which knows it by another name',
    '?scope=repository%3Alibrary%2Falpine%3Apull&scope=repository%3Ahub%2Flibrary%2Falpine%3Apull',
    ['hub/library/alpine'],
  ],
  [
    'a name that is a part of another’s segment',
    '?scope=repository:ab:pull&scope=repository:b:pull',
    ['ab', 'b'],
  ],
  ['another word that ends in scope', '?xscope=repository:a:pull&scope', []],
  ['what is no UTF-8', '?scope=%ff&scope=repository:a:pull', ['a']],
  [
    'as many as there may be',
    `?${many(16)}`,
    Array.from({ length: 16 }, (_, n) => `r${n}x`).toSorted((a, b) => b.length - a.length),
  ],
])('%s', ([, query, repositories]) => {
  expect(readPullScopes(query)).toEqual({ kind: 'scopes', repositories })
})

test.for([
  ['a name with a host before it', 'repository:evil.example:5000/app:pull'],
  ['a way up', 'repository:../private/app:pull'],
  ['no name', 'repository::pull'],
  ['a name in capitals', 'repository:Team/app:pull'],
  ['a name with another scope in it', 'repository:a:pull,repository:b:pull'],
  ['a name with a line’s end', 'repository:a%0d%0aX-Evil:b:pull'],
  ['a name with a query', 'repository:a%26scope=b:pull'],
  ['a name that is too long', `repository:${'a'.repeat(256)}:pull`],
])('refused is %s', ([, scope]) => {
  expect(readPullScopes(`?scope=${scope}`)).toMatchObject({ code: 'NAME_INVALID', status: 400 })
})

test('refused is who wants a token for everything', () => {
  expect(readPullScopes(`?${many(17)}`)).toMatchObject({ code: 'UNSUPPORTED', status: 400 })
})

test('the scope of pulling is as token servers know it', () => {
  expect(pullScope('team/app')).toBe('repository:team/app:pull')
})
