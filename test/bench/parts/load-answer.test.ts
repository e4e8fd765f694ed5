import { expect, test } from 'vitest'
import { faultOf, parseAnswer } from './load-answer.ts'

const redirect =
  'HTTP/1.1 307 Temporary Redirect\r\nlocation: http://m.example/a\r\nContent-Length: 0\r\n\r\n'
const refusal = 'HTTP/1.1 404 \r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody'

test('an answer is read however its headers are written', () => {
  expect(parseAnswer(redirect, false)).toMatchObject({
    status: 307,
    location: 'http://m.example/a',
    contentLength: 0,
    closes: false,
    length: redirect.length,
  })
  expect(parseAnswer(refusal, false)).toMatchObject({ status: 404, closes: true })
})

test('an answer that is not whole is none yet', () => {
  for (let length = 0; length < refusal.length; length++) {
    expect(parseAnswer(refusal.slice(0, length), false)).toBeUndefined()
  }
})

test('a HEAD has a length, and no body to wait for', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n'
  expect(parseAnswer(head, true)).toMatchObject({ contentLength: 1_000_000, length: head.length })
})

test('what is no answer, or has no length, is not taken for one', () => {
  expect(() => parseAnswer('HELO\r\n\r\n', false)).toThrow('no answer')
  expect(() => parseAnswer('HTTP/1.1 200 OK\r\n\r\n', false)).toThrow('without a length')
})

test.for([
  ['another status', { status: 200 }, 'wanted 200, got 307'],
  [
    'another place',
    { status: 307, location: 'http://m.example/b' },
    'wanted the location http://m.example/b, got http://m.example/a',
  ],
  [
    'a redirect that nobody wanted',
    { status: 307 },
    'wanted the location undefined, got http://m.example/a',
  ],
  [
    'another length',
    { status: 307, location: 'http://m.example/a', contentLength: 9 },
    'wanted a length of 9, got 0',
  ],
  ['nothing', { status: 307, location: 'http://m.example/a', contentLength: 0 }, undefined],
] as const)('%s is found', ([, expected, fault]) => {
  expect(faultOf(parseAnswer(redirect, false)!, expected)).toBe(fault)
})
