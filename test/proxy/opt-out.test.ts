import { expect, test } from 'vitest'
import type { OptOutRules } from '../../src/proxy/opt-out.ts'
import { createOptOut } from '../../src/proxy/opt-out.ts'
import type { RequestHead } from '../../src/proxy/request-head.ts'
import { headOf } from '../../src/proxy/request-head.ts'

const nobody = { hosts: [], addresses: [] }
const rules: OptOutRules = {
  hosts: ['direct.registry.example'],
  addresses: ['203.0.113.0/24'],
  header: 'x-no-mirror',
}
const asked = (url: string, headers: Readonly<Record<string, string>> = {}) =>
  headOf(new Request(`${url}/v2/`, { headers }))

test('where nobody is named nothing is looked at', () => {
  expect(createOptOut(nobody)).toBeUndefined()
})

test.for<[string, RequestHead, string | undefined, boolean]>([
  ['by its name', asked('http://direct.registry.example'), undefined, true],
  [
    'by its name, whatever the port and case',
    asked('http://Direct.Registry.Example:8080'),
    undefined,
    true,
  ],
  ['by its address', asked('http://registry.example'), '203.0.113.9', true],
  ['by a header', asked('http://registry.example', { 'x-no-mirror': '' }), undefined, true],
  ['by none of them', asked('http://registry.example'), '203.0.114.9', false],
  ['by no known address', asked('http://registry.example'), undefined, false],
])('a client is left out %s', ([, head, address, leftOut]) => {
  expect(createOptOut(rules)!.has(head, () => address)).toBe(leftOut)
})

test('each rule stands alone', () => {
  const head = asked('http://direct.registry.example', { 'x-no-mirror': 'yes' })
  const has = (some: Partial<OptOutRules>) =>
    createOptOut({ ...nobody, ...some })!.has(head, () => '203.0.113.9')
  expect(has({ hosts: ['other.example'] })).toBe(false)
  expect(has({ addresses: ['10.0.0.0/8'] })).toBe(false)
  expect(has({ header: 'x-other' })).toBe(false)
  expect(has({ header: 'x-no-mirror' })).toBe(true)
})
