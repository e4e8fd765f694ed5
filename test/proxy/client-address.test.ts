import { expect, test } from 'vitest'
import type { ClientAddressSource } from '../../src/config.ts'
import { createClientAddressReader } from '../../src/proxy/client-address.ts'
import { headOf } from '../../src/proxy/request-head.ts'

const forwarded = (fromRight: number): ClientAddressSource => ({
  kind: 'header',
  header: 'x-forwarded-for',
  fromRight,
})

const headWith = (headers: Readonly<Record<string, string>>) =>
  headOf(new Request('http://registry.example/v2/', { headers }))

test.for<[string, ClientAddressSource, string, string | undefined]>([
  ['the last value is the nearest proxy’s', forwarded(1), '1.1.1.1, 2.2.2.2', '2.2.2.2'],
  ['the second from the right, behind two', forwarded(2), '6.6.6.6, 1.1.1.1, 2.2.2.2', '1.1.1.1'],
  ['a list too short says nothing', forwarded(3), '1.1.1.1, 2.2.2.2', undefined],
  ['a value alone', forwarded(1), '1.1.1.1', '1.1.1.1'],
  ['a port is not part of it', forwarded(1), '1.1.1.1:4711', '1.1.1.1'],
  ['nor are brackets', forwarded(1), '[2600:1f18::10]:443', '2600:1f18::10'],
  ['spaces and tabs are none of it', forwarded(1), '1.1.1.1 ,\t2.2.2.2  ', '2.2.2.2'],
  ['an empty value says nothing', forwarded(1), '', undefined],
  ['an empty place says nothing', forwarded(1), '1.1.1.1,', undefined],
  ['an empty place on the left says nothing', forwarded(2), ',2.2.2.2', undefined],
  ['a word says nothing', forwarded(1), 'unknown', undefined],
  [
    'a long list costs nothing',
    forwarded(2),
    `${'9.9.9.9,'.repeat(2000)}1.1.1.1,2.2.2.2`,
    '1.1.1.1',
  ],
])('%s', ([, source, value, address]) => {
  const head = headWith({ 'x-forwarded-for': value })
  expect(createClientAddressReader(source)(head, '7.7.7.7')).toBe(address)
})

test('a header that is not there says nothing, whatever the socket says', () => {
  expect(createClientAddressReader(forwarded(1))(headWith({}), '7.7.7.7')).toBeUndefined()
})

test('the socket alone is believed where it is the source', () => {
  const read = createClientAddressReader({ kind: 'socket' })
  const head = headWith({ 'x-forwarded-for': '1.1.1.1' })
  expect(read(head, '7.7.7.7')).toBe('7.7.7.7')
  expect(read(head, '::ffff:7.7.7.7')).toBe('::ffff:7.7.7.7')
  expect(read(head, undefined)).toBeUndefined()
})
