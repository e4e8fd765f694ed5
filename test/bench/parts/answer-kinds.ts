import { createHash } from 'node:crypto'
import type { Digest } from '../../../src/core/digest.ts'
import { digestOfHex } from '../../../src/core/digest.ts'
import type { Ask } from './asks.ts'
import { blobAsks, irishAddress } from './asks.ts'

/** One kind of answer, by the requests that get it. */
export type AnswerKind = {
  readonly name: string
  readonly status: number
  readonly asks: readonly Ask[]
}

/** Every kind that is answered with no word from an upstream; the first is a blob that a mirror holds. */
export function kindsOfAnswer(held: readonly Digest[]): readonly AnswerKind[] {
  const others = held.map((digest) =>
    digestOfHex(createHash('sha256').update(`not ${digest}`).digest('hex')),
  )
  const ask = (path: (digest: Digest, n: number) => string, method: Ask['method'] = 'GET') =>
    held.map((digest, n) => ({ method, path: path(digest, n), address: irishAddress(n) }))
  return [
    { name: 'a blob that a mirror holds', status: 307, asks: blobAsks(held) },
    {
      name: 'its size (`HEAD`)',
      status: 200,
      asks: ask((digest) => `/v2/app/blobs/${digest}`, 'HEAD'),
    },
    { name: 'a blob that no mirror holds', status: 307, asks: blobAsks(others) },
    { name: 'a manifest by tag', status: 307, asks: ask((_, n) => `/v2/app/manifests/1.${n}`) },
    {
      name: 'a manifest by digest',
      status: 307,
      asks: ask((digest) => `/v2/app/manifests/${digest}`),
    },
    { name: 'the version, `/v2/`', status: 200, asks: ask(() => '/v2/') },
    {
      name: 'refused: not a digest',
      status: 400,
      asks: ask((digest) => `/v2/app/blobs/${digest.slice(0, -1)}`),
    },
    { name: 'refused: no such path', status: 404, asks: ask((_, n) => `/v2/app/${n}`) },
    {
      name: 'refused: a push',
      status: 405,
      asks: ask(() => '/v2/app/blobs/uploads/', 'POST'),
    },
  ]
}
