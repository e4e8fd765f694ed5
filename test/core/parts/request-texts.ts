import * as fc from 'fast-check'

// Texts of requests, as clients send them and as somebody who means harm does.

const oneOf = (characters: string) => fc.constantFrom(...characters.split(''))
const hexOf = (length: number) =>
  fc.string({ unit: oneOf('0123456789abcdef'), minLength: length, maxLength: length })

/** SHA-256 digests, well formed. */
export const sha256Text = hexOf(64).map((hex) => `sha256:${hex}`)

const otherDigest = fc.oneof(
  hexOf(128).map((hex) => `sha512:${hex}`),
  hexOf(96).map((hex) => `sha384:${hex}`),
  hexOf(63).map((hex) => `sha256:${hex}`),
  hexOf(65).map((hex) => `sha256:${hex}`),
  fc.constantFrom('sha256+b64u:LCa0a2j_xo', 'sha256:', ':', 'x:y'),
)

const character = fc.oneof(
  { weight: 8, arbitrary: oneOf('az09AZFf/._-:%?#@ ') },
  { weight: 2, arbitrary: fc.constantFrom('__', '--', '..', '//', '/blobs/', '%3A', '?ns=a', '') },
  // What comes out as another character where somebody takes the lower byte of it for the whole.
  {
    weight: 1,
    arbitrary: fc.constantFrom('\0', '\n', '\u00e9', '\u0161', '\u0130', '\u2030', '\ud83d'),
  },
)

/** A text with one place of it changed: something taken out, and something put in. */
export function damaged(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(text, fc.nat(), fc.nat(1), character).map(([whole, place, cut, put]) => {
    const at = place % (whole.length + 1)
    return whole.slice(0, at) + put + whole.slice(at + cut)
  })
}

const segment = fc.oneof(
  fc.constantFrom(
    'app',
    'a',
    '0',
    'blobs',
    'manifests',
    'tags',
    'referrers',
    'list',
    'a_b',
    'a--b',
  ),
  fc.string({ unit: oneOf('az09._-A'), minLength: 1, maxLength: 8 }),
)

const name = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.array(segment, { minLength: 1, maxLength: 4 }).map((all) => all.join('/')),
  },
  { weight: 1, arbitrary: fc.integer({ min: 250, max: 260 }).map((length) => 'n'.repeat(length)) },
)

const tag = fc.oneof(
  fc.string({ unit: oneOf('azAZ09._-'), maxLength: 12 }),
  fc.integer({ min: 120, max: 135 }).map((length) => 't'.repeat(length)),
)

const path = fc
  .tuple(
    name,
    fc.constantFrom('blobs', 'manifests', 'manifests', 'tags', 'referrers', 'Blobs', 'blob'),
    fc.oneof(sha256Text, tag, otherDigest, fc.constant('list')),
  )
  .map(([repository, verb, tail]) => `/v2/${repository}/${verb}/${tail}`)

/** What everybody asks for. */
const usualPath = fc
  .tuple(
    fc.constantFrom('app', 'a/b', 'team_x/app--1.2', 'blobs/manifests', '0'),
    fc.oneof(
      sha256Text.map((digest) => `blobs/${digest}`),
      sha256Text.map((digest) => `manifests/${digest}`),
      sha256Text.map((digest) => `referrers/${digest}`),
      fc.constantFrom('manifests/v1.2', 'manifests/latest', 'tags/list'),
    ),
  )
  .map(([repository, rest]) => `/v2/${repository}/${rest}`)

const query = fc.constantFrom('', '', '', '?', '?ns=docker.io', '?a=b&ns=Q', '?n=1"<')

const target = fc.tuple(fc.oneof(path, usualPath), query).map(([before, after]) => before + after)

/** Paths with their queries: about a third are well formed, most others nearly so. */
export const targetText = fc.oneof(
  { weight: 4, arbitrary: target },
  { weight: 4, arbitrary: damaged(target) },
  { weight: 2, arbitrary: damaged(damaged(target)) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 120 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('/v2/', '/v2', '/token', '/v2/_catalog', '', '/v2/a/blobs/'),
  },
)

/** Digests, and what is nearly one. */
export const digestText = fc.oneof(
  sha256Text,
  damaged(sha256Text),
  otherDigest,
  damaged(otherDigest),
)
