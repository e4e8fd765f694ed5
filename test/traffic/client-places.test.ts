import { expect, test } from 'vitest'
import { readAddress } from '../../src/core/address.ts'
import { placesOf } from '../../src/traffic/client-places.ts'

test('addresses that are remembered in the same place are not taken for each other', () => {
  const asked: string[] = []
  const places = placesOf((address) => {
    asked.push(address)
    return readAddress(address) === undefined ? undefined : { cloud: 'aws', region: address }
  })
  const octets = [...Array.from({ length: 256 }).keys()]
  const addresses = octets.flatMap((octet) => [
    // Of many that differ only at their end some are remembered in one place.
    ...octets.slice(100, 140).map((other) => `123.123.${other}.${octet}`),
    `${octet}.1.1.1`,
    ...octets.slice(0, 16).map((other) => `10.${octet}.200.${other}`),
    `2600:1f18:4000:1234:5678:9abc:def0:${octet}`,
    `2600::${octet}`,
  ])
  const mistaken = [...addresses.toSorted(), ...addresses.toReversed(), ...addresses].filter(
    (address) => {
      const bytes = Buffer.from(`(${address} - - [10/Oct/2025)`)
      return places.find(bytes, 1, 1 + address.length).location?.region !== address
    },
  )
  expect(mistaken).toEqual([])
  expect(asked.length).toBeGreaterThan(addresses.length)

  const before = asked.length
  const [again] = addresses
  for (let time = 0; time < 3; time++)
    places.find(Buffer.from(`${again}        `), 0, again!.length)
  expect(asked.length).toBeLessThanOrEqual(before + 1)
})

test('the answers to one question are remembered from one log to the next', () => {
  const locate = () => undefined
  expect(placesOf(locate)).toBe(placesOf(locate))
  expect(placesOf(locate)).not.toBe(placesOf(() => undefined))
})
