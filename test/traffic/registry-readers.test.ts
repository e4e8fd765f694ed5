import { describe, expect, test } from 'vitest'
import type { Heard } from './reading.ts'
import { hex, readLines, sha } from './reading.ts'

const time = '2025-10-10T11:55:36.886Z'
const whole: Heard = {
  kind: 'blob',
  time,
  from: 'aws/eu-west-1',
  bytes: 10,
  repository: 'team/app',
  reference: sha,
}
const { bytes: _, ...elsewhere } = whole
const other: Heard = { kind: 'other', time, from: 'aws/eu-west-1' }
const { from: __, ...silent } = other

// As version 2.8.2 writes them.
const request = {
  'go.version': 'go1.19.8',
  'http.request.host': '127.0.0.1:5000',
  'http.request.id': '8bf0120e-09f9-4f65-9a7b-ece79f003479',
  'http.request.method': 'GET',
  'http.request.remoteaddr': '52.1.2.3:52718',
  'http.request.uri': `/v2/team/app/blobs/${sha}?ns=x`,
  'http.request.useragent': 'curl/7.88.1 "quoted" \\',
  'http.response.contenttype': 'application/octet-stream',
  'http.response.duration': '9.473408ms',
  'http.response.status': 200,
  'http.response.written': 10,
}

function textOf(more: object = {}, message = 'response completed'): string {
  const fields = Object.entries({ ...request, ...more }).filter(([, value]) => value !== undefined)
  const words = fields.map(([key, value]) => {
    const text = String(value)
    return `${key}=${/^[\w./@^+-]+$/.test(text) ? text : JSON.stringify(text)}`
  })
  return `time="2025-10-10T11:55:36.886924926Z" level=info msg="${message}" ${words.join(' ')} `
}

function jsonOf(more: object = {}): string {
  const head = { level: 'info', msg: 'response completed', time: '2025-10-10T11:55:36.886924926Z' }
  return JSON.stringify({ ...request, ...head, ...more })
}

function logstashOf(more: object = {}): string {
  const head = {
    '@timestamp': '2025-10-10T11:55:36.886924926Z',
    '@version': '1',
    level: 'info',
    message: 'response completed',
  }
  return JSON.stringify({ ...request, ...head, ...more })
}

const combined =
  `52.1.2.3 - - [10/Oct/2025:11:55:36 +0000] "GET /v2/team/app/blobs/${sha} HTTP/1.1" ` +
  '200 10 "" "curl/7.88.1"'

describe.for([
  ['text', textOf],
  ['json', jsonOf],
  ['logstash', logstashOf],
] as const)('the formatter %s', ([, lineOf]) => {
  test.for<[string, object, Heard]>([
    ['a blob', {}, whole],
    ['a forwarded address', { 'http.request.remoteaddr': '52.1.2.3' }, whole],
    [
      'an IPv6 address',
      { 'http.request.remoteaddr': '[2600::1]:52718' },
      { ...whole, from: 'aws/us-east-1' },
    ],
    ['an encoded digest', { 'http.request.uri': `/v2/team/app/blobs/sha256%3A${hex}` }, whole],
    [
      'a manifest',
      { 'http.request.uri': '/v2/team/app/manifests/latest' },
      { ...whole, kind: 'manifest', reference: 'latest' },
    ],
    ['a client sent on', { 'http.response.status': 307 }, elsewhere],
    ['a HEAD', { 'http.request.method': 'HEAD' }, other],
    ['a POST', { 'http.request.method': 'POST', 'http.response.status': 202 }, other],
  ])('%s is understood', async ([, more, expected]) => {
    const { heard, notUnderstood, format } = await readLines([lineOf(more)])
    expect(heard).toEqual([expected])
    expect({ notUnderstood, format }).toEqual({ notUnderstood: 0, format: 'docker-registry' })
  })

  test.for<[string, object]>([
    ['a request of no method', { 'http.request.method': undefined }],
    ['a request of no path', { 'http.request.uri': undefined }],
    ['a request of nobody', { 'http.request.remoteaddr': undefined }],
    ['a request without a status', { 'http.response.status': 'none' }],
    ['a request of no size', { 'http.response.written': 'none' }],
  ])('%s is not understood', async ([, more]) => {
    const { heard, notUnderstood } = await readLines([lineOf(more), lineOf()])
    expect({ heard, notUnderstood }).toEqual({ heard: [whole], notUnderstood: 1 })
  })

  test('a line of the combined format is no second request, whichever comes first', async () => {
    const { heard, notUnderstood } = await readLines([combined, lineOf(), lineOf(), combined])
    expect(heard.filter(({ kind }) => kind === 'blob')).toEqual([whole, whole])
    expect({ lines: heard.length, notUnderstood }).toEqual({ lines: 4, notUnderstood: 0 })
  })

  test('another server’s lines of the combined format beside it are requests', async () => {
    const { heard, format } = await readLines([
      lineOf(),
      lineOf(),
      combined.replace('""', '"-"'),
      combined,
    ])
    expect(heard.filter(({ kind }) => kind === 'blob')).toHaveLength(3)
    expect(format).toBe('docker-registry, nginx or Apache combined')
  })
})

test('lines of the combined format are requests where there are no others', async () => {
  const { heard } = await readLines([combined], 'docker-registry')
  expect(heard).toMatchObject([{ kind: 'blob', bytes: 10 }])
})

test('whoever asks for the combined format alone gets its lines as requests', async () => {
  const { heard, notUnderstood } = await readLines([combined, textOf(), combined], 'combined')
  expect(heard).toMatchObject([{ kind: 'blob' }, { kind: 'blob' }])
  expect(notUnderstood).toBe(1)
})

test.for<[string, string, Heard]>([
  ['another message', textOf({}, 'response completed with error'), silent],
  ['a message of one word', textOf().replace('"response completed"', 'ready'), silent],
  ['a message of the formatter json', jsonOf({ msg: 'listening on [::]:5000' }), silent],
  ['a line behind what a collector put there', `registry-1  | ${textOf()}`, whole],
])('%s is understood', async ([, text, expected]) => {
  expect((await readLines([text])).heard).toEqual([expected])
})

test.for<[string, string]>([
  ['a time that is none', textOf().replace('T11', 'X11')],
  ['a time with something after it', textOf().replace('Z"', 'ZZ"')],
  ['a text without an end', textOf().slice(0, 200)],
  ['words without values', `${textOf()}and more`],
  ['no level', textOf().replace('level=info ', '')],
  ['no message', textOf().replace('msg="response completed" ', '')],
  ['JSON without a time', jsonOf({ time: 7 })],
  ['JSON with a time that is none', jsonOf({ time: 'today' })],
])('%s is not understood', async ([, text]) => {
  expect(await readLines([text, textOf()])).toMatchObject({ notUnderstood: 1, heard: [whole] })
})
