import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { digestOf } from '../../../src/sync/content-digest.ts'
import { ContentError } from '../../../src/sync/transfer/content-error.ts'
import { verified } from '../../../src/sync/transfer/verified.ts'

const expecting = (bytes: Buffer) => ({
  digest: digestOf(bytes),
  sizeBytes: bytes.length,
  from: 'the upstream',
  onBytes: () => {},
})

/** What got through, and how it ended. */
async function drain(stream: Readable): Promise<{ bytes: Buffer; error: unknown }> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    return { bytes: Buffer.concat(chunks), error: undefined }
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error }
  }
}

const chunked = fc
  .array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 })
  .map((chunks) => chunks.map((chunk) => Buffer.from(chunk)))

test('right bytes come through unchanged, however they are cut', async () => {
  await fc.assert(
    fc.asyncProperty(chunked, async (chunks) => {
      const whole = Buffer.concat(chunks)
      const { bytes, error } = await drain(verified(Readable.from(chunks), expecting(whole)))
      expect(error).toBeUndefined()
      expect(bytes.equals(whole)).toBe(true)
    }),
  )
})

test('of wrong bytes never all come through, whichever bit is wrong and however they are cut', async () => {
  await fc.assert(
    fc.asyncProperty(chunked, fc.nat(), async (chunks, bit) => {
      const whole = Buffer.concat(chunks)
      fc.pre(whole.length > 0)
      const wanted = expecting(Buffer.from(whole))
      let at = (bit >> 3) % whole.length
      const wrong = chunks.map((chunk) => {
        const copy = Buffer.from(chunk)
        if (at >= 0 && at < copy.length) copy[at]! ^= 1 << (bit & 7)
        at -= chunk.length
        return copy
      })
      const { bytes, error } = await drain(verified(Readable.from(wrong), wanted))
      expect(error).toMatchObject({ kind: 'wrong', retryable: false })
      expect(bytes.length).toBeLessThan(whole.length)
    }),
  )
})

test.for<[string, Buffer[], object]>([
  [
    'too few',
    [Buffer.from('abc')],
    {
      kind: 'broken',
      message: expect.stringMatching(/^wanted 6 bytes of sha256:.* from the upstream, got 3$/),
    },
  ],
  ['none', [], { kind: 'broken' }],
  ['too many', [Buffer.from('abcdef'), Buffer.from('g')], { kind: 'wrong' }],
])('%s bytes are refused', async ([, chunks, wanted]) => {
  const { bytes, error } = await drain(
    verified(Readable.from(chunks), expecting(Buffer.from('abcdef'))),
  )
  expect(error).toBeInstanceOf(ContentError)
  expect(error).toMatchObject(wanted)
  expect(bytes.length).toBeLessThan(6)
})

test('a source that fails is a body that broke off, with its reason', async () => {
  const source = Readable.from(
    (async function* () {
      yield Buffer.from('abc')
      throw new Error('connection reset')
    })(),
  )
  const { error } = await drain(verified(source, expecting(Buffer.from('abcdef'))))
  expect(error).toMatchObject({ kind: 'broken', retryable: true })
  expect((error as Error).message).toMatch(/got 3: connection reset$/)
})

test('who gives it up, read or not, closes the source', async () => {
  for (const isRead of [false, true]) {
    const source = Readable.from([Buffer.from('a'), Buffer.from('b')])
    const stream = verified(source, expecting(Buffer.from('ab')))
    if (isRead) await once(stream, 'readable')
    const closed = once(source, 'close')
    stream.destroy()
    await closed
    expect(source.destroyed).toBe(true)
  }
})

test('every byte that came is counted', async () => {
  let count = 0
  const bytes = Buffer.alloc(1000, 1)
  const digest = createHash('sha256').update('x').digest('hex')
  const wanted = {
    ...expecting(bytes),
    digest: `sha256:${digest}` as never,
    onBytes: (n: number) => (count += n),
  }
  await drain(verified(Readable.from([bytes]), wanted))
  expect(count).toBe(1000)
})
