import { describe, expect, test } from 'vitest'
import type { LogFormat } from '../../src/traffic/read-logs.ts'
import type { Heard } from './reading.ts'
import { hex, readLines, sha } from './reading.ts'

const blob = { kind: 'blob', from: 'aws/eu-west-1', reference: sha } as const

async function expectHeard(text: string, format: string, expected: Heard) {
  const { heard, notUnderstood, format: read } = await readLines([text])
  expect(heard).toEqual([expected])
  expect({ notUnderstood, read }).toEqual({ notUnderstood: 0, read: format })
}

async function expectNotUnderstood(good: string, bad: string, format: LogFormat) {
  const { lines, notUnderstood, heard } = await readLines([good, bad], format)
  expect({ lines, notUnderstood, heard: heard.length }).toEqual({
    lines: 2,
    notUnderstood: 1,
    heard: 1,
  })
}

describe('AWS ALB', () => {
  function line({
    type = 'h2',
    client = '52.1.2.3:46532',
    status = '200',
    sent = '6789',
    request = `GET https://images.example:443/v2/team/app/blobs/${sha}?x=y HTTP/2.0`,
  } = {}): string {
    return (
      `${type} 2025-10-10T11:55:36.186641Z app/images/50dc6c495c0c9188 ${client} 10.0.3.14:8080 ` +
      `0.000 0.004 0.000 ${status} ${status} 214 ${sent} "${request}" "containerd/2.0.4" ` +
      'ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/x/7 ' +
      '"Root=1-58337262-36d228ad5d99923122bbe354" "images.example" "session-reused" 0 ' +
      '2025-10-10T11:55:36.182000Z "forward" "-" "-" "10.0.3.14:8080" "200" "-" "-" TID_0c5d'
    )
  }
  const time = '2025-10-10T11:55:36.186Z'
  const whole: Heard = { ...blob, time, bytes: 6789, repository: 'team/app' }
  const { bytes: _, ...elsewhere } = whole
  const other: Heard = { kind: 'other', time, from: 'aws/eu-west-1' }

  test.for<[string, string, Heard]>([
    ['a blob', line(), whole],
    ['a blob without TLS', line({ type: 'http' }), whole],
    [
      'an IPv6 client, whose port has no brackets',
      line({ client: '2600:1f18:0:0:0:0:0:1:50718' }),
      { ...whole, from: 'aws/us-east-1' },
    ],
    [
      'an IPv6 client cut short',
      line({ client: '2600::1:50718' }),
      { ...whole, from: 'aws/us-east-1' },
    ],
    [
      'an IPv6 client with brackets',
      line({ client: '[2600::1]:50718' }),
      { ...whole, from: 'aws/us-east-1' },
    ],
    ['a client sent on', line({ status: '307' }), elsewhere],
    ['a client that left', line({ status: '-', client: '-' }), { kind: 'other', time }],
    ['a client that left at 460', line({ status: '460' }), other],
    ['a POST', line({ request: 'POST https://images.example:443/v2/ HTTP/2.0' }), other],
    [
      'a request that was none',
      line({ request: '- http://images.example:80- -', status: '400' }),
      other,
    ],
  ])('%s is understood', ([, text, expected]) => expectHeard(text, 'AWS ALB', expected))

  test.for<[string, string]>([
    ['a type that is none', line({ type: 'tcp' })],
    ['a status that is none', line({ status: '2000' })],
    ['bytes that are none', line({ sent: 'many' })],
    ['a time that is none', line().replace('T11', 'X11')],
    ['a line cut in its first fields', line().slice(0, 80)],
    ['a line cut in its request', line().slice(0, 200)],
    ['a request without quotes', line().replaceAll('"', '')],
  ])('%s is not understood', ([, text]) => expectNotUnderstood(line(), text, 'alb'))
})

describe('Google Cloud load balancer', () => {
  function line(request: object = {}, entry: object = {}): string {
    return JSON.stringify({
      httpRequest: {
        latency: '0.038421s',
        remoteIp: '34.1.2.3',
        requestMethod: 'GET',
        requestSize: '214',
        requestUrl: `https://images.example/v2/team/app/blobs/${sha}?token=secret`,
        responseSize: '6789',
        serverIp: '10.128.0.7',
        status: 200,
        userAgent: 'containerd/2.0.4',
        ...request,
      },
      insertId: '1vzs264g1u90hp5',
      jsonPayload: { statusDetails: 'response_sent_by_backend' },
      logName: 'projects/images/logs/requests',
      timestamp: '2025-10-10T11:55:36.186641Z',
      ...entry,
    })
  }
  const time = '2025-10-10T11:55:36.186Z'
  const from = 'gcp/us-central1'
  const whole: Heard = { ...blob, time, from, bytes: 6789, repository: 'team/app' }
  const { bytes: _, ...elsewhere } = whole
  const { from: __, ...nowhere } = whole

  test.for<[string, string, Heard]>([
    ['a blob', line(), whole],
    ['a size as a number', line({ responseSize: 6789 }), whole],
    ['no size', line({ responseSize: undefined }), elsewhere],
    ['a client with a port', line({ remoteIp: '34.1.2.3:4242' }), whole],
    ['no client', line({ remoteIp: undefined }), nowhere],
    ['a client sent on', line({ status: 302 }), elsewhere],
    [
      'a client that left',
      line({ status: undefined, responseSize: undefined }),
      { kind: 'other', time, from },
    ],
    ['a HEAD', line({ requestMethod: 'HEAD' }), { kind: 'other', time, from }],
    ['an entry of another log', line({}, { httpRequest: undefined }), { kind: 'other', time }],
    ['a name in another script', line({ userAgent: 'ö日本\n"' }), whole],
  ])('%s is understood', ([, text, expected]) => {
    return expectHeard(text, 'Google Cloud load balancer', expected)
  })

  test.for<[string, string]>([
    ['no time', line({}, { timestamp: undefined })],
    ['a time that is none', line({}, { timestamp: 'today' })],
    ['a time that never ends', line({}, { timestamp: `2025-10-10T11:55:36.${'1'.repeat(99)}Z` })],
    ['no method', line({ requestMethod: undefined })],
    ['no URL', line({ requestUrl: 7 })],
    ['half a status', line({ status: 200.5 })],
    ['a size that is none', line({ responseSize: 'large' })],
    ['an entry of nobody', line({}, { httpRequest: null, logName: undefined })],
    ['a line cut short', line().slice(0, 200)],
  ])('%s is not understood', ([, text]) => expectNotUnderstood(line(), text, 'google-lb'))
})

describe('CloudFront', () => {
  const head =
    '#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status ' +
    'cs(Referer) cs(User-Agent) cs-uri-query'
  function line({
    date = '2025-10-10',
    bytes = '6789',
    client = '52.1.2.3',
    method = 'GET',
    path = `/v2/team/app/blobs/${sha}`,
    status = '200',
  } = {}): string {
    return [
      date,
      '11:55:36',
      'DUB56-P1',
      bytes,
      client,
      method,
      'd111111abcdef8.cloudfront.net',
      path,
      status,
      '-',
      'containerd/2.0.4',
      'Signature=secret',
    ].join('\t')
  }
  const time = '2025-10-10T11:55:36.000Z'
  const whole: Heard = { ...blob, time, bytes: 6789, repository: 'team/app' }
  const inBucket: Heard = { ...whole, repository: '' }
  const other: Heard = { kind: 'other', time, from: 'aws/eu-west-1' }
  const { bytes: _, ...elsewhere } = whole

  test.for<[string, string, Heard]>([
    ['a blob of a registry', line(), whole],
    [
      'a manifest of a registry',
      line({ path: '/v2/app/manifests/latest' }),
      { ...whole, kind: 'manifest', repository: 'app', reference: 'latest' },
    ],
    ['a blob of a bucket', line({ path: `/containers/images/${sha}` }), inBucket],
    ['an encoded one', line({ path: `/containers/images/sha256%253A${hex}` }), inBucket],
    [
      'a blob of a registry’s storage',
      line({ path: `/docker/registry/v2/blobs/sha256/e9/${hex}/data` }),
      inBucket,
    ],
    ['an IPv6 client', line({ client: '2600::1' }), { ...whole, from: 'aws/us-east-1' }],
    ['a client sent on', line({ status: '307' }), elsewhere],
    ['a client that left', line({ status: '000' }), other],
    ['a HEAD', line({ method: 'HEAD' }), other],
    ['another method that begins so', line({ method: 'GETX' }), other],
    ['another object', line({ path: '/index.html' }), other],
  ])('%s is understood', ([, text, expected]) => expectHeard(text, 'CloudFront', expected))

  test('the head says in which order the fields are, and is no request', async () => {
    const fields = head.slice('#Fields: '.length).split(' ')
    const turned = `#Fields: ${fields.toReversed().join(' ')}`
    const { heard, notUnderstood } = await readLines([
      '#Version: 1.0',
      head,
      line(),
      turned,
      line().split('\t').toReversed().join('\t'),
    ])
    const none: Heard = { kind: 'other' }
    expect(heard).toEqual([none, none, whole, none, whole])
    expect(notUnderstood).toBe(0)
  })

  test('a head without what is needed leaves its lines not understood', async () => {
    const lines = [head.replace(' c-ip', ''), line(), line(), line()]
    await expect(readLines(lines)).rejects.toThrow('3 of 4 lines are not; the first is')
  })

  test.for<[string, string]>([
    ['a date that is none', line({ date: '2025/10/10' })],
    ['a date that is longer', line({ date: '2025-10-100' })],
    ['a month that is none', line({ date: '2025-13-10' })],
    ['bytes that are none', line({ bytes: 'many' })],
    ['a status that is none', line({ status: 'OK' })],
    ['spaces for tabs', line().replaceAll('\t', ' ')],
    ['a line cut short', line().slice(0, 40)],
    ['the head of another log', '#Software: Microsoft Internet Information Services 10.0'],
  ])('%s is not understood', ([, text]) => expectNotUnderstood(line(), text, 'cloudfront'))
})

describe('S3', () => {
  const key = `containers/images/${sha}`
  function line({
    client = '52.1.2.3',
    operation = 'REST.GET.OBJECT',
    object = key,
    uri = `"GET /${key}?x-amz-signature=secret HTTP/1.1"`,
    status = '200',
    sent = '6789',
  } = {}): string {
    return (
      '79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be images-eu-west-1 ' +
      `[10/Oct/2025:11:55:36 +0000] ${client} - 3E57427F3EXAMPLE ${operation} ${object} ${uri} ` +
      `${status} - ${sent} 6789 71 24 "-" "containerd/2.0.4" - s9lzHYrFp76ZVxRcpX9+5c= SigV4 ` +
      'ECDHE-RSA-AES128-GCM-SHA256 - images.s3.eu-west-1.amazonaws.com TLSv1.2 - -'
    )
  }
  const time = '2025-10-10T11:55:36.000Z'
  const whole: Heard = { ...blob, time, bytes: 6789, repository: '' }
  const other: Heard = { kind: 'other', time, from: 'aws/eu-west-1' }
  const { bytes: _, ...elsewhere } = whole
  const storage = 'docker/registry/v2/blobs/sha256'

  test.for<[string, string, Heard]>([
    ['a blob of a mirror', line(), whole],
    ['a blob at the top of its bucket', line({ object: sha }), whole],
    ['an encoded key', line({ object: `images/sha256%3A${hex}` }), whole],
    ['a key that was encoded twice', line({ object: `images/sha256%253A${hex}` }), whole],
    ['a blob of a registry’s storage', line({ object: `${storage}/e9/${hex}/data` }), whole],
    ['a blob in a folder of its algorithm', line({ object: `blobs/sha256/${hex}` }), whole],
    [
      'a registry that is only a bucket',
      line({ object: `v2/app/blobs/${sha}` }),
      { ...whole, repository: 'app' },
    ],
    [
      'its manifest',
      line({ object: 'v2/app/manifests/latest' }),
      { ...whole, kind: 'manifest', repository: 'app', reference: 'latest' },
    ],
    ['a website', line({ operation: 'WEBSITE.GET.OBJECT' }), whole],
    ['a range', line({ status: '206', sent: '100' }), { ...whole, bytes: 100 }],
    ['nothing sent, which is a dash', line({ sent: '-' }), { ...whole, bytes: 0 }],
    ['a client sent on', line({ status: '307' }), elsewhere],
    ['an IPv6 client', line({ client: '2600::1' }), { ...whole, from: 'aws/us-east-1' }],
    [
      'a service',
      line({ client: '-' }),
      { kind: 'blob', time, bytes: 6789, repository: '', reference: sha },
    ],
    ['a HEAD', line({ operation: 'REST.HEAD.OBJECT' }), other],
    ['a copy, which reads too', line({ operation: 'REST.COPY.OBJECT_GET' }), other],
    ['a list', line({ operation: 'REST.GET.BUCKET', object: '-' }), other],
    [
      'the end of an object’s life',
      line({ operation: 'S3.EXPIRE.OBJECT', uri: '-', status: '-', sent: '-' }),
      other,
    ],
    [
      'a link of a registry’s storage',
      line({ object: `docker/registry/v2/repositories/app/_layers/sha256/${hex}/link` }),
      other,
    ],
    ['a folder of other digits', line({ object: `${storage}/aa/${hex}/data` }), other],
    ['a digest within a name', line({ object: `images/x-sha256:${hex}` }), other],
    ['a digest of no algorithm', line({ object: `images/${hex}` }), other],
    ['a digest in a folder of no algorithm', line({ object: `images/more/${hex}` }), other],
    ['a short name', line({ object: 'a' }), other],
  ])('%s is understood', ([, text, expected]) => {
    return expectHeard(text, 'S3 server access log', expected)
  })

  test.for<[string, string]>([
    ['no time', line().replace('[10/Oct/2025:11:55:36 +0000] ', '')],
    ['a time that is none', line().replace('Oct', 'Okt')],
    ['no bracket after the time', line().replace('0000]', '0000')],
    ['a line cut after its time', line().slice(0, 120)],
    ['a line cut in its request', line().slice(0, 330)],
    ['a request with words after it', line({ uri: '"GET / HTTP/1.1"x' })],
    ['a status that is none', line({ status: '2000' })],
    ['bytes that are none', line({ sent: 'many' })],
    ['a line cut after its status', `${line().split('" 200')[0]}" 200`],
  ])('%s is not understood', ([, text]) => expectNotUnderstood(line(), text, 's3'))
})
