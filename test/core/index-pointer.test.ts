import { expect, test } from 'vitest'
import {
  folderIndexPrefix,
  generationName,
  generationOf,
  mirrorIndexPrefix,
  parseIndexPointer,
} from '../../src/core/index-pointer.ts'

const pointer = {
  generation: 1795228909586,
  sha256: 'a'.repeat(64),
  sizeBytes: 543,
  key: 'nearport/index/1795228909586.bin',
  publishedAt: '2026-11-21T02:00:00.000Z',
  checkedAt: '2026-11-21T03:00:00Z',
}

test('reads what sync writes, in a mirror and in a folder', () => {
  expect(parseIndexPointer(JSON.stringify(pointer), mirrorIndexPrefix)).toEqual(pointer)
  const inFolder = { ...pointer, key: 'index/1795228909586.bin' }
  expect(parseIndexPointer(JSON.stringify(inFolder), folderIndexPrefix)).toEqual(inFolder)
})

test('leaves out what a later version may add', () => {
  expect(parseIndexPointer(JSON.stringify({ ...pointer, parts: 4 }), mirrorIndexPrefix)).toEqual(
    pointer,
  )
})

test('reads which deltas lead there, and does without those that it cannot read', () => {
  const key = 'nearport/index/1795228909580-1795228909586.delta'
  const delta = { key, sha256: 'b'.repeat(64), sizeBytes: 9 }
  const deltas = [{ from: 1795228909580, to: 1795228909586, ...delta }]
  const text = JSON.stringify({ ...pointer, deltas })
  expect(parseIndexPointer(text, mirrorIndexPrefix)).toEqual({ ...pointer, deltas })
  const unreadable = JSON.stringify({ ...pointer, deltas: 'of a later version' })
  expect(parseIndexPointer(unreadable, mirrorIndexPrefix)).toEqual(pointer)
})

test('reads that it is pinned, and to what', () => {
  const pinned = { generation: 17, at: '2026-11-21T02:00:00.000Z' }
  const text = JSON.stringify({ ...pointer, pinned: { ...pinned, by: 'later versions' } })
  expect(parseIndexPointer(text, mirrorIndexPrefix)).toEqual({ ...pointer, pinned })
})

test.for<[string, object, string]>([
  [
    'a pin without a time',
    { pinned: { generation: 1 } },
    'wanted a generation and an ISO time in pinned, got {"generation":1}',
  ],
  [
    'a pin without a generation',
    { pinned: { at: '2026-11-21T02:00:00.000Z' } },
    'wanted a generation and an ISO time in pinned, got {"at":"2026-11-21T02:00:00.000Z"}',
  ],
  [
    'a pin that is none',
    { pinned: true },
    'wanted a generation and an ISO time in pinned, got true',
  ],
  ['an empty pin', { pinned: null }, 'wanted a generation and an ISO time in pinned, got null'],
  ['a generation in words', { generation: 'new' }, 'wanted a generation, got "new"'],
  ['a generation below zero', { generation: -1 }, 'wanted a generation, got -1'],
  ['half a generation', { generation: 1.5 }, 'wanted a generation, got 1.5'],
  ['no hash', { sha256: undefined }, 'wanted a SHA-256 in hex, got nothing'],
  [
    'a hash in capitals',
    { sha256: 'A'.repeat(64) },
    `wanted a SHA-256 in hex, got "${'A'.repeat(64)}"`,
  ],
  ['no size', { sizeBytes: null }, 'wanted a size in bytes, got null'],
  [
    'another key',
    { key: '../../etc/passwd' },
    'wanted the key nearport/index/1795228909586.bin, got "../../etc/passwd"',
  ],
  ['no time', { publishedAt: 'today' }, 'wanted an ISO time in publishedAt, got "today"'],
  ['a time as a number', { checkedAt: 5 }, 'wanted an ISO time in checkedAt, got 5'],
])('refuses %s', ([, change, message]) => {
  const text = JSON.stringify({ ...pointer, ...change })
  expect(parseIndexPointer(text, mirrorIndexPrefix)).toBe(message)
})

test.for([
  ['{', 'wanted JSON'],
  ['null', 'wanted a JSON object'],
  ['7', 'wanted a JSON object'],
])('refuses %s', ([text, message]) => {
  expect(parseIndexPointer(text!, mirrorIndexPrefix)).toBe(message)
})

test.for<[string, number | undefined]>([
  [`nearport/index/${generationName(17)}`, 17],
  ['nearport/index/current.json', undefined],
  ['nearport/index/17.bin.tmp', undefined],
  ['elsewhere/17.bin', undefined],
])('the generation of %s is %s', ([key, generation]) => {
  expect(generationOf(key, mirrorIndexPrefix)).toBe(generation)
})
