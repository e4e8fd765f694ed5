import { expect, test } from 'vitest'
import type { SigningCredentials } from '../../src/core/signing/presign.ts'
import { createPresigner } from '../../src/core/signing/presign.ts'
import { createStore } from '../../src/embedded/store.ts'

// The double refuses a presigned request as S3 does; what it takes is in the conformance.
const keys = { accessKeyId: 'AKTEST', secretAccessKey: 'SKTEST' }
const timeMs = Date.UTC(2026, 10, 26, 1, 2, 3)
const place = { url: 'http://127.0.0.1/images', region: 'us-east-1' }

function createWorld(credentials: SigningCredentials = keys) {
  let nowMs = timeMs
  const store = createStore({ ...credentials, now: () => nowMs })
  store.createBucket('images', { region: 'us-east-1' })
  store.putObject('images', 'key', Buffer.from('content'))
  const presign = createPresigner(place, credentials)
  return {
    store,
    url: presign('GET', 'key', timeMs, 60),
    pass: (ms: number) => void (nowMs += ms),
    ask: (url: string, init: RequestInit = {}) => store.fetch(new Request(url, init)),
  }
}

type World = ReturnType<typeof createWorld>
type Ask = (world: World) => Promise<Response>

const expired: Ask = ({ url, pass, ask }) => {
  pass(60_001)
  return ask(url)
}
const early: Ask = ({ url, pass, ask }) => {
  pass(-15 * 60_000 - 1)
  return ask(url)
}
const changed =
  (from: string | RegExp, to: string): Ask =>
  ({ url, ask }) =>
    ask(url.replace(from, to))

test.for<[string, number, string, string, Ask]>([
  ['that is over', 403, 'AccessDenied', 'Request has expired', expired],
  ['from too far ahead', 403, 'AccessDenied', 'Request is not yet valid', early],
  [
    'used by another method',
    403,
    'SignatureDoesNotMatch',
    'does not match',
    ({ url, ask }) => ask(url, { method: 'PUT', body: 'x' }),
  ],
  ['of another key', 403, 'SignatureDoesNotMatch', '', changed('/key?', '/other?')],
  [
    'made to hold for longer',
    403,
    'SignatureDoesNotMatch',
    '',
    changed('Expires=60', 'Expires=600'),
  ],
  ['of somebody else', 403, 'InvalidAccessKeyId', '', changed('AKTEST', 'AKOTHER')],
  [
    'that holds for more than a week',
    400,
    'AuthorizationQueryParametersError',
    'a week',
    changed('Expires=60', 'Expires=604801'),
  ],
  [
    'that lacks its time',
    400,
    'AuthorizationQueryParametersError',
    'X-Amz-Date',
    changed(/X-Amz-Date=[^&]*&/, ''),
  ],
  [
    'of another scheme',
    400,
    'AuthorizationQueryParametersError',
    'Algorithm',
    changed('AWS4-HMAC', 'AWS4-X'),
  ],
  [
    'for another service',
    400,
    'AuthorizationQueryParametersError',
    'Credential',
    changed('%2Fs3%2F', '%2Fiam%2F'),
  ],
  [
    'that leaves the host out',
    400,
    'AuthorizationQueryParametersError',
    'host',
    changed('SignedHeaders=host', 'SignedHeaders=range'),
  ],
  [
    'with a token that is not lent',
    400,
    'InvalidToken',
    '',
    changed('&X-Amz-SignedHeaders', '&X-Amz-Security-Token=T&X-Amz-SignedHeaders'),
  ],
  [
    'beside a signature in the header',
    400,
    'InvalidArgument',
    'Only one auth mechanism',
    ({ url, ask }) => ask(url, { headers: { authorization: 'AWS4-HMAC-SHA256 x' } }),
  ],
])('an address %s is refused: %i %s', async ([, status, code, message, ask]) => {
  const answer = await ask(createWorld())
  const text = await answer.text()
  expect([answer.status, text]).toEqual([status, expect.stringContaining(`<Code>${code}</Code>`)])
  expect(text).toContain(message)
})

test('an address is good to its last moment, and with the token of what is lent alone', async () => {
  const lent = { ...keys, sessionToken: 'T/+=' }
  const { url, ask, pass } = createWorld(lent)
  pass(60_000)
  expect(await (await ask(url)).text()).toBe('content')
  expect((await ask(createWorld().url)).status).toBe(400)
})
