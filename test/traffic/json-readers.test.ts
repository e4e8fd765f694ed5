import { describe, expect, test } from 'vitest'
import type { RequestEvent } from '../../src/core/event.ts'
import type { Heard } from './reading.ts'
import { readLines, sha } from './reading.ts'

const time = '2025-10-10T11:55:36.000Z'
const timeMs = Date.parse(time)

describe('JSON lines', () => {
  const line = (more: object = {}) =>
    JSON.stringify({
      time,
      address: '52.1.2.3',
      method: 'GET',
      path: `/v2/team/app/blobs/${sha}?token=secret`,
      status: 200,
      bytes: 6,
      ...more,
    })
  const whole: Heard = {
    kind: 'blob',
    time,
    from: 'aws/eu-west-1',
    bytes: 6,
    repository: 'team/app',
    reference: sha,
  }
  const { bytes: _bytes, ...unsized } = whole
  const { from: _from, ...nowhere } = whole
  const other: Heard = { kind: 'other', time, from: 'aws/eu-west-1' }

  test.for<[string, string, Heard]>([
    ['a blob', line(), whole],
    ['a time in milliseconds', line({ time: timeMs }), whole],
    ['a time with a zone', line({ time: '2025-10-10T13:55:36+02:00' }), whole],
    ['a time with a space', line({ time: '2025-10-10 06:55:36.000-0500' }), whole],
    ['a whole URL', line({ path: `https://images.example/v2/team/app/blobs/${sha}` }), whole],
    ['a list of addresses', line({ address: '52.1.2.3, 10.0.0.1' }), whole],
    ['an address that is none', line({ address: '-' }), nowhere],
    ['no bytes', line({ bytes: undefined }), unsized],
    ['bytes that are null', line({ bytes: null }), unsized],
    ['bytes as a text', line({ bytes: '6' }), whole],
    ['more names', line({ agent: 'containerd' }), whole],
    ['a client sent on', line({ status: 307 }), unsized],
    ['a HEAD', line({ method: 'HEAD' }), other],
    ['a path of no registry', line({ path: 'nonsense' }), other],
  ])('%s is understood', async ([, text, expected]) => {
    const { heard, format } = await readLines([text])
    expect({ heard, format }).toEqual({ heard: [expected], format: 'JSON lines' })
  })

  test.for<[string, string]>([
    ['no time', line({ time: undefined })],
    ['a time that is none', line({ time: 'today' })],
    ['a time before there was any', line({ time: -1 })],
    ['a time without a zone', line({ time: '2025-10-10T11:55:36' })],
    ['a fraction of no second', line({ time: '2025-10-10T11:55:3.5Z' })],
    ['no address', line({ address: undefined })],
    ['no method', line({ method: undefined })],
    ['no path', line({ path: undefined })],
    ['half a status', line({ status: '200' })],
    ['bytes that are none', line({ bytes: -1 })],
    ['a line cut short', line().slice(0, -1)],
    ['a list', `[${line()}]`],
  ])('%s is not understood', async ([, text]) => {
    expect(await readLines([text, line()])).toMatchObject({ notUnderstood: 1, heard: [whole] })
  })
})

describe('events', () => {
  function event(more: { readonly [K in keyof RequestEvent]?: unknown } = {}): string {
    const pull: RequestEvent = {
      event: 'request',
      timeMs,
      method: 'GET',
      kind: 'blob',
      repository: 'team/app',
      reference: sha,
      cloud: 'aws',
      region: 'us-east-1',
      action: 'mirror',
      reason: 'in-region',
      status: 307,
      sizeBytes: 100,
      durationMs: 1,
    }
    return JSON.stringify({ ...pull, ...more })
  }
  const whole: Heard = {
    kind: 'blob',
    time,
    from: 'aws/us-east-1',
    bytes: 100,
    repository: 'team/app',
    reference: sha,
  }
  const { bytes: _bytes, ...unsized } = whole
  const { from: _from, ...nowhere } = whole
  const other: Heard = { kind: 'other', time, from: 'aws/us-east-1' }

  test.for<[string, string, Heard]>([
    ['a blob of a size that the index knew', event(), whole],
    ['a part of it', event({ bytes: 40 }), { ...whole, bytes: 40 }],
    ['nothing more of it', event({ bytes: 0 }), { ...whole, bytes: 0 }],
    ['a blob of no known size', event({ sizeBytes: undefined }), unsized],
    ['a blob that was relayed', event({ status: 200 }), whole],
    ['a client nowhere known', event({ cloud: undefined, region: undefined }), nowhere],
    ['a region that is no name', event({ region: 'a/b' }), nowhere],
    ['a cloud that is none', event({ cloud: 'attic' }), nowhere],
    [
      'a manifest',
      event({ kind: 'manifest', reference: 'latest', sizeBytes: undefined }),
      { ...unsized, kind: 'manifest', reference: 'latest' },
    ],
    [
      'a blob of no named repository',
      event({ repository: undefined }),
      { ...whole, repository: '-' },
    ],
    ['a HEAD', event({ method: 'HEAD' }), other],
    ['a refusal', event({ status: 404 }), other],
    ['a question for the version', event({ kind: 'version', reference: undefined }), other],
    ['a blob of another algorithm', event({ reference: `sha512:${'a'.repeat(128)}` }), other],
    ['another event', `{"event":"mirror-lost","timeMs":${timeMs}}`, { kind: 'other', time }],
    ['an event of no time', '{"event":"sync"}', { kind: 'other' }],
    ['events that were lost', '{"event":"events-lost","count":7}', { kind: 'other', lost: 7 }],
  ])('%s is understood', async ([, text, expected]) => {
    const { heard, format } = await readLines([text, event()])
    expect({ heard, format }).toEqual({ heard: [expected, whole], format: 'nearport events' })
  })

  test.for<[string, string]>([
    ['a line cut short', event().slice(0, 90)],
    ['a time that is none', event({ timeMs: -1 })],
    ['a request without a time', event({ timeMs: undefined })],
    ['a request of no kind', event({ kind: undefined })],
    ['a request without a method', event({ method: undefined })],
    ['a blob without a digest', event({ reference: undefined })],
    ['half a status', event({ status: 200.5 })],
    ['a size that is none', event({ sizeBytes: -1 })],
    ['an event that is none', event({ event: 7 })],
    ['lost, and nobody knows how many', '{"event":"events-lost"}'],
  ])('%s is not understood', async ([, text]) => {
    expect(await readLines([text, event()])).toMatchObject({ notUnderstood: 1, heard: [whole] })
  })

  test('regions without end do not fill the memory, and are still told', async () => {
    const numbers = Array.from({ length: 10_500 }).keys()
    const lines = Array.from(numbers, (n) => event({ region: `r-${n}` }))
    const { heard } = await readLines(lines)
    expect(heard.at(-1)).toMatchObject({ from: 'aws/r-10499' })
  })
})
