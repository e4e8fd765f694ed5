import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readInRanges } from '../../../src/sync/transfer/range-reader.ts'
import type { ByteRange, OpenedBlob } from '../../../src/sync/upstream/upstream-blob.ts'
import { UpstreamError } from '../../../src/sync/upstream/upstream-error.ts'

const blob = Buffer.from(Array.from({ length: 1000 }, (_, n) => n % 251))
const rangeBytes = 100

type Answer = (range: ByteRange, tries: number) => OpenedBlob | Error | undefined

/** An upstream that answers as it is told, and otherwise rightly. */
function createUpstream(bytes: Buffer = blob, answer: Answer = () => undefined) {
  const asked: string[] = []
  let open = 0
  let most = 0
  const reader = async (range: ByteRange): Promise<OpenedBlob> => {
    const name = `${range.first}-${range.last}`
    asked.push(name)
    most = Math.max(most, ++open)
    await turn()
    const given = answer(range, asked.filter((each) => each === name).length)
    if (given instanceof Error) {
      open--
      throw given
    }
    const opened = given ?? partial(bytes.subarray(range.first, range.last + 1))
    opened.body.once('close', () => open--)
    return opened
  }
  return { reader, asked, most: () => most, open: () => open }
}

const partial = (bytes: Buffer, isPartial = true): OpenedBlob => ({
  body: Readable.from(chunked(bytes), { objectMode: false }),
  lengthBytes: bytes.length,
  isPartial,
})

function* chunked(bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += 30) yield bytes.subarray(at, at + 30)
}

const broken = (bytes: Buffer): OpenedBlob => ({
  body: Readable.from(
    (async function* () {
      yield bytes
      throw new Error('reset')
    })(),
  ),
  lengthBytes: undefined,
  isPartial: true,
})

const options = { sizeBytes: blob.length, rangeBytes, atOnce: 3, pause: async () => {} }

async function readAll({ body }: OpenedBlob): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

test('ranges come in order, so many at once, whatever the sizes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 1, max: 400 }),
      fc.integer({ min: 1, max: 5 }),
      async (sizeBytes, size, atOnce) => {
        const upstream = createUpstream()
        const settings = { ...options, sizeBytes, rangeBytes: size, atOnce }
        const opened = await readInRanges(upstream.reader, settings)
        expect(opened).toMatchObject({ lengthBytes: sizeBytes, isPartial: false })
        expect((await readAll(opened)).equals(blob.subarray(0, sizeBytes))).toBe(true)
        expect(upstream.asked.length).toBe(Math.ceil(sizeBytes / size))
        expect(upstream.most()).toBeLessThanOrEqual(atOnce)
      },
    ),
  )
})

test('what nobody takes is not read: so many ranges are kept and no more', async () => {
  const upstream = createUpstream()
  const { body } = await readInRanges(upstream.reader, options)
  for (let n = 0; n < 50; n++) await turn()
  expect(upstream.asked.length).toBe(3)
  expect(upstream.most()).toBe(3)
  body.destroy()
})

test('an upstream that knows no ranges is read from that very answer', async () => {
  const upstream = createUpstream(blob, () => partial(blob, false))
  expect((await readAll(await readInRanges(upstream.reader, options))).equals(blob)).toBe(true)
  expect(upstream.asked).toEqual(['0-99'])
})

test.for<[string, Answer, string]>([
  [
    'breaks off',
    (range) => (range.first === 300 ? broken(blob.subarray(300, 350)) : undefined),
    'reset',
  ],
  [
    'is too short',
    (range) => (range.first === 300 ? partial(blob.subarray(0, 7)) : undefined),
    'wanted bytes 300-399, got 7 of them',
  ],
  [
    'is too long',
    (range) => (range.first === 300 ? partial(blob.subarray(0, 130)) : undefined),
    'wanted bytes 300-399, got more',
  ],
  [
    'is the whole',
    (range) => (range.first === 300 ? partial(blob, false) : undefined),
    'wanted bytes 300-399, got the whole blob',
  ],
  [
    'is refused for now',
    ({ first }) => (first === 300 ? refusal(503) : undefined),
    'upstream answered 503',
  ],
  [
    'of the first answer breaks off',
    ({ first }) => (first === 0 ? broken(blob.subarray(0, 50)) : undefined),
    'reset',
  ],
])('a range that %s is read again alone, three times in all', async ([, answer, message]) => {
  const once = createUpstream(blob, (range, tries) =>
    tries < 3 ? answer(range, tries) : undefined,
  )
  expect((await readAll(await readInRanges(once.reader, options))).equals(blob)).toBe(true)
  expect(once.asked.length).toBe(12)

  const always = createUpstream(blob, answer)
  await expect(
    readInRanges(always.reader, options).then((opened) => readAll(opened)),
  ).rejects.toThrow(message)
  const failed = always.asked.filter(
    (name) => always.asked.indexOf(name) !== always.asked.lastIndexOf(name),
  )
  expect(failed.length).toBe(3)
  await expect.poll(always.open).toBe(0)
})

test('what will not be better the next time is not asked for again', async () => {
  const upstream = createUpstream(blob, ({ first }) => (first === 500 ? refusal(404) : undefined))
  const opened = await readInRanges(upstream.reader, options)
  await expect(readAll(opened)).rejects.toMatchObject({ status: 404 })
  expect(upstream.asked.filter((name) => name.startsWith('500-')).length).toBe(1)
})

test('the first answer’s failure is the whole’s', async () => {
  const upstream = createUpstream(blob, () => refusal(403))
  await expect(readInRanges(upstream.reader, options)).rejects.toMatchObject({ status: 403 })
})

test('who gives it up closes every range, and no more are begun', async () => {
  const upstream = createUpstream()
  const { body } = await readInRanges(upstream.reader, options)
  body.destroy()
  for (let n = 0; n < 20; n++) await turn()
  expect(upstream.open()).toBe(0)
  expect(upstream.asked.length).toBe(3)
})

function refusal(status: number): UpstreamError {
  return new UpstreamError('status', `upstream answered ${status}`, { status })
}
