import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Heard } from './reading.ts'
import { hex, readLines, sha } from './reading.ts'

const time = '2025-10-10T11:55:36.000Z'

/** A line as nginx writes it, of a GET for a blob unless told otherwise. */
function line({
  address = '52.1.2.3',
  names = '- -',
  request = `GET /v2/team/app/blobs/${sha} HTTP/1.1`,
  rest = '200 6 "-" "containerd/2.0.4"',
} = {}): string {
  return `${address} ${names} [10/Oct/2025:13:55:36 +0200] "${request}" ${rest}`
}

const get = (path: string) => line({ request: `GET ${path} HTTP/1.1` })
const whole: Heard = {
  kind: 'blob',
  time,
  from: 'aws/eu-west-1',
  bytes: 6,
  repository: 'team/app',
  reference: sha,
}
const { bytes: _, ...elsewhere } = whole
const { from: __, ...nowhere } = whole
const other: Heard = { kind: 'other', time, from: 'aws/eu-west-1' }

test.for<[string, string, Heard]>([
  ['a blob', line(), whole],
  ['a line of the common format', line({ rest: '200 6' }), whole],
  ['a line with more after it', line({ rest: '200 6 "-" "x" 412 0.003 [images] "1"' }), whole],
  ['a range of a blob', line({ rest: '206 4 "-" "x"' }), { ...whole, bytes: 4 }],
  ['a blob that nobody waited for', line({ rest: '200 0 "-" "x"' }), { ...whole, bytes: 0 }],
  ['a blob of bytes that are not known', line({ rest: '200 - "-" "x"' }), elsewhere],
  ['a client sent on by 307', line({ rest: '307 171 "-" "x"' }), elsewhere],
  ['a client sent on by 308', line({ rest: '308 171 "-" "x"' }), elsewhere],
  ['a client sent on by 301', line({ rest: '301 171 "-" "x"' }), elsewhere],
  ['a client sent on by 302', line({ rest: '302 171 "-" "x"' }), elsewhere],
  ['a client sent on by 303', line({ rest: '303 171 "-" "x"' }), elsewhere],
  ['a query', get(`/v2/team/app/blobs/${sha}?ns=docker.io&token=secret`), whole],
  ['an encoded colon', get(`/v2/team/app/blobs/sha256%3A${hex}`), whole],
  ['an encoded colon in small letters', get(`/v2/team/app/blobs/sha256%3a${hex}?x`), whole],
  [
    'an encoded repository',
    get(`/v2/team%2Dapp/blobs/${sha}`),
    { ...whole, repository: 'team-app' },
  ],
  ['one that cannot be decoded', get(`/v2/a%ff/blobs/${sha}`), { ...whole, repository: 'a%ff' }],
  ['a whole URL', get(`https://images.example:443/v2/team/app/blobs/${sha}`), whole],
  ['a request without a version', line({ request: `GET /v2/team/app/blobs/${sha}` }), whole],
  [
    'a repository that is named like a path',
    get(`/v2/blobs/sha256:0/manifests/blobs/${sha}`),
    { ...whole, repository: 'blobs/sha256:0/manifests' },
  ],
  [
    'a manifest by its tag',
    get('/v2/team/app/manifests/v3.9_1-x'),
    { ...whole, kind: 'manifest', reference: 'v3.9_1-x' },
  ],
  [
    'a manifest by its digest',
    get(`/v2/team/app/manifests/sha256%3A${hex}?x=y`),
    { ...whole, kind: 'manifest' },
  ],
  ['a HEAD', line({ request: `HEAD /v2/team/app/blobs/${sha} HTTP/1.1` }), other],
  [
    'a request that would end earlier',
    line({ request: `GET /v2/team/app/blobs/${sha} HTTP/1.\\" 200 99`, rest: '400 0' }),
    other,
  ],
  ['a HEAD of nothing', line({ request: 'HEAD' }), other],
  ['a GET of nothing', line({ request: 'GET ' }), other],
  ['a method that begins as HEAD', line({ request: 'HEADER / HTTP/1.1' }), other],
  ['a blob that is not there', line({ rest: '404 96 "-" "x"' }), other],
  ['a blob that has not changed', line({ rest: '304 0' }), other],
  ['a path of no registry', get(`/x/blobs/${sha}`), other],
  ['no repository', get(`/v2/blobs/${sha}`), other],
  ['a digest that is longer', get(`/v2/team/app/blobs/${sha}0`), other],
  ['a digest that is shorter', get(`/v2/team/app/blobs/${sha.slice(0, -1)}`), other],
  ['a digest with a stranger in it', get(`/v2/team/app/blobs/${sha.slice(0, -1)}g`), other],
  ['a digest in capitals', get(`/v2/team/app/blobs/sha256:${hex.toUpperCase()}`), other],
  ['a digest of another algorithm', get(`/v2/team/app/blobs/sha512:${hex}${hex}`), other],
  ['a digest of an algorithm as long', get(`/v2/team/app/blobs/sha25x:${hex}`), other],
  ['a key of a bucket, which this is not the log of', get(`/containers/images/${sha}`), other],
  ['a list of tags', get('/v2/team/app/tags/list'), other],
  ['a manifest of no name', get('/v2/team/app/manifests/'), other],
  ['a manifest of no repository', get('/v2/manifests/x'), other],
  ['the version', get('/v2/'), other],
  ['less than a path', get('/'), other],
  ['a URL without a path', get('https://images.example'), other],
  [
    'a request that was no HTTP',
    line({ request: String.raw`\x16\x03\x01\"`, rest: '400 150' }),
    other,
  ],
  ['no request', line({ request: '-', rest: '408 -' }), other],
])('%s is understood', async ([, text, expected]) => {
  const { heard, notUnderstood, format } = await readLines([text])
  expect(heard).toEqual([expected])
  expect(notUnderstood).toBe(0)
  expect(format).toBe('nginx or Apache combined')
})

describe('the client', () => {
  test.for<[string, string, string | undefined]>([
    ['an IPv6 address', line({ address: '2600:1f18::1' }), 'aws/us-east-1'],
    ['an address with a port', line({ address: '52.1.2.3:41234' }), 'aws/eu-west-1'],
    ['an address in brackets', line({ address: '[2600::1]:443' }), 'aws/us-east-1'],
    ['an IPv4 address as IPv6 has it', line({ address: '::ffff:52.1.2.3' }), undefined],
    ['nobody’s address', line({ address: '198.51.100.7' }), undefined],
    ['an octet too many', line({ address: '52.1.2.3.4' }), undefined],
    ['an octet with a zero before it', line({ address: '52.01.2.3' }), undefined],
    ['an octet that is none', line({ address: '52.256.2.3' }), undefined],
    ['a last octet that is none', line({ address: '52.1.2.256' }), undefined],
    ['no address', line({ address: '-' }), undefined],
    ['a socket', line({ address: 'unix:' }), undefined],
    ['longer than any address', line({ address: `52.1.2.3${'0'.repeat(80)}` }), undefined],
    ['a virtual host before it', line({ address: 'images.example:443 52.1.2.3' }), 'aws/eu-west-1'],
    ['a list', line({ address: '52.1.2.3, 34.1.2.3, 10.0.0.1' }), 'aws/eu-west-1'],
    ['a list without spaces', line({ address: '52.1.2.3,34.1.2.3' }), 'aws/eu-west-1'],
    ['a list that begins with nobody', line({ address: 'unknown, 34.1.2.3' }), 'gcp/us-central1'],
    [
      'a neighbour before its own proxy',
      line({ address: '10.1.1.1, 34.1.2.3' }),
      'gcp/us-central1',
    ],
    [
      'what a collector put before it',
      `2025-10-10T11:55:36.1Z stdout F ${line()}`,
      'aws/eu-west-1',
    ],
    ['a user of a name with spaces', line({ names: '- two names' }), 'aws/eu-west-1'],
  ])('%s is where it should be', async ([, text, from]) => {
    const { heard } = await readLines([text])
    expect(heard.map((each) => each.from)).toEqual([from])
    expect(heard).toMatchObject([{ kind: 'blob' }])
  })

  const forwarded = (address: string, list: string) =>
    line({ address, rest: `200 6 "-" "a \\"b" "${list}"` })
  test.for<[string, string, string | undefined]>([
    ['behind a proxy', forwarded('10.0.0.9', '52.1.2.3'), 'aws/eu-west-1'],
    ['behind two', forwarded('192.168.0.9', '34.1.2.3, 52.1.2.3'), 'gcp/us-central1'],
    ['behind a proxy beside it', forwarded('127.0.0.1', '10.9.9.9, 52.1.2.3'), 'aws/eu-west-1'],
    ['behind a proxy that says nothing', forwarded('172.16.0.9', '-'), undefined],
    ['of another proxy’s neighbours', forwarded('fd00::9', '10.0.0.7'), undefined],
    ['behind a proxy of IPv6', forwarded('fe80::9', '2600::1'), 'aws/us-east-1'],
    ['behind a proxy of a carrier', forwarded('100.64.0.9', '52.1.2.3'), 'aws/eu-west-1'],
    ['behind a proxy of no network', forwarded('169.254.0.9', '52.1.2.3'), 'aws/eu-west-1'],
    ['behind a proxy on the same machine', forwarded('::1', '52.1.2.3'), 'aws/eu-west-1'],
    ['who is known, whatever it says', forwarded('52.1.2.3', '34.1.2.3'), 'aws/eu-west-1'],
    ['who is nobody’s, whatever it says', forwarded('198.51.100.7', '34.1.2.3'), undefined],
    [
      'whose third text does not end',
      line({ address: '10.0.0.9', rest: '200 6 "-" "x" "52.1.2.3' }),
      undefined,
    ],
    [
      'who has no third text',
      line({ address: '10.0.0.9', rest: '200 6 "-" "x" 52.1.2.3' }),
      undefined,
    ],
  ])('%s is found in X-Forwarded-For only where it is needed', async ([, text, from]) => {
    const { heard } = await readLines([text])
    expect(heard.map((each) => each.from)).toEqual([from])
    expect(heard).toMatchObject([{ kind: 'blob' }])
  })

  test('is the same object for the same place', async () => {
    const { heard } = await readLines([line(), line({ address: '52.9.9.9' }), line()])
    expect(heard).toHaveLength(3)
    expect(new Set(heard.map(({ from }) => from)).size).toBe(1)
  })
})

test.for<[string, string]>([
  ['a month that is none', line().replace('Oct', 'Okt')],
  ['a day that is none', line().replace('10/Oct', '32/Oct')],
  ['an hour that is none', line().replace(':13:', ':24:')],
  ['a year before there were any', line().replace('2025', '1969')],
  ['a time without a zone', line().replace(' +0200]', ']')],
  ['a zone that is none', line().replace('+0200', '*0200')],
  ['a zone of letters', line().replace('+0200', '+02xx')],
  ['a time of another form', line().replace('10/Oct/2025:13:55:36 +0200', '2025-10-10T13:55:36Z')],
  ['no bracket after the time', line().replace('0]', '0')],
  ['no time', line().replaceAll(/[[\]]/g, '')],
  ['a request that does not end', line().replace('HTTP/1.1"', 'HTTP/1.1')],
  ['no status', line({ rest: '"-"' })],
  ['half a status', line({ rest: '20 6' })],
  ['a status of letters', line({ rest: '2xx 6' })],
  ['bytes that are no number', line({ rest: '200 6k' })],
  ['bytes that no number holds', line({ rest: '200 1234567890123456' })],
  ['nothing after the status', line({ rest: '200' })],
  ['prose', 'the quick brown fox'],
])('%s is not understood', async ([, text]) => {
  expect(await readLines([text, line()])).toMatchObject({
    lines: 2,
    notUnderstood: 1,
    heard: [whole],
  })
})

/** What a line says, slowly, of the blob that its client went for; undefined: not understood. */
function readSlowly(text: string): Heard | undefined {
  const match =
    /^\S+ [^[]*\[\d\d\/Oct\/(?:19[7-9]|[2-9]\d\d)\d:(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60) \+0200\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d{1,15}|-)(?: |$)/.exec(
      text,
    )
  if (match === null) return undefined
  const [, request, status, sent] = match
  const target =
    /^GET (?:[^/ "?]{0,5}:\/\/[^/ "?]*)?\/v2\/([^ "?]+?)\/(?:blobs\/(sha256(?::|%3[Aa]|%253[Aa])[0-9a-f]{64})|manifests\/([^/ "?]+))(?=[ "?]|$)/.exec(
      request!,
    )
  if (target === null || !/200|206|30[12378]/.test(status!)) return { kind: 'other' }
  const [, repository, blob, manifest] = target
  return {
    kind: blob === undefined ? 'manifest' : 'blob',
    ...(sent === '-' || status!.startsWith('3') ? {} : { bytes: Number(sent) }),
    repository: decoded(repository!),
    reference: blob === undefined ? decoded(manifest!) : `sha256:${blob.slice(-64)}`,
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

test('a line that is changed anywhere is read as a regular expression reads it', async () => {
  const requests = [
    `GET /v2/team/app/blobs/${sha} HTTP/1.1`,
    `GET /v2/blobs/manifests/blobs/sha256%3A${hex}?ns=x HTTP/1.1`,
    `GET https://images.example/v2/app/manifests/latest HTTP/2.0`,
    `HEAD /v2/app/manifests/${sha} HTTP/1.1`,
  ]
  const signs = ['"', '\\', ' ', '[', ']', '?', '/', ':', '%', '-', '0', 'f']
  const words = ['GET ', '/v2/', '/blobs/', '/manifests/', sha, '" 200 5', '307', '\\" 200 9']
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    less: fc.oneof(fc.constant(0), fc.nat(6), fc.nat(80)),
    put: fc.constantFrom('', ...signs, ...words),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...requests),
      fc.constantFrom('200 6 "-" "x"', '206 0', '307 171 "-" "x"', '404 96', '200 -'),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      async (request, rest, changes) => {
        let text = line({ request, rest })
        for (const { at, less, put } of changes) {
          const from = 20 + Math.floor(at * (text.length - 20))
          text = text.slice(0, from) + put + text.slice(from + less)
        }
        const { heard } = await readLines([line(), text], 'combined')
        const { time: _time, from: _from, ...said } = heard[1] ?? { kind: undefined }
        expect({ text, said }).toEqual({ text, said: readSlowly(text) ?? { kind: undefined } })
      },
    ),
    {
      numRuns: 3000,
      // A target that ends at a quote which is escaped, as a run once made it up.
      examples: [
        [requests[0]!, '200 6 "-" "x"', [{ at: 0.2198581560283688, less: 0, put: '\\" 200 9' }]],
      ],
    },
  )
})

test('a second that changes, and comes again, is read each time', async () => {
  const texts = ['36 +0200', '37 +0200', '36 +0200', '36 -0730', '60 +0000']
  const { heard } = await readLines(texts.map((text) => line().replace('36 +0200', text)))
  expect(heard.map((each) => each.time?.slice(11, 19))).toEqual([
    '11:55:36',
    '11:55:37',
    '11:55:36',
    '21:25:36',
    '13:56:00',
  ])
})

test('a client nowhere known has no location', async () => {
  const { heard } = await readLines([line({ address: '198.51.100.7' })])
  expect(heard).toEqual([nowhere])
})
