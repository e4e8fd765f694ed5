import { connect } from 'node:net'
import type { LoadTarget } from './load-connection.ts'
import { loopbackAddress } from './load-connection.ts'
import { goneRepository } from './load-events.ts'
import { requestBytes } from './load-requests.ts'

/** Something that no honest client does. */
export type Hostility = {
  readonly name: string
  readonly bytes: string | Buffer
  /**
   * After the bytes: wait for what comes; say that no more will (half-closed); break off; or say
   * nothing for five seconds, and go.
   */
  readonly after: 'wait' | 'end' | 'break' | 'stay'
  /** What may be answered, beside nothing at all and the end of the connection. */
  readonly mayAnswer: (status: number) => boolean
}

const isRefusal = (status: number) => status >= 400 && status < 500
const blob = requestBytes(
  'GET',
  // What of these is read nobody knows, and so they are not counted among requests.
  `/v2/${goneRepository}/blobs/sha256:${'0'.repeat(64)}`,
  '34.240.0.1',
).toString('latin1')
const refusedOnly = { after: 'wait', mayAnswer: isRefusal } as const

export const hostilities: readonly Hostility[] = [
  {
    name: 'an overlong header',
    bytes: `GET /v2/ HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(40_000)}\r\n\r\n`,
    ...refusedOnly,
  },
  {
    name: 'an overlong path',
    bytes: `GET /v2/${'a/'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    ...refusedOnly,
  },
  { name: 'no HTTP', bytes: 'HELO registry.example\r\n\r\n', ...refusedOnly },
  {
    name: 'TLS to a port that has none',
    bytes: Buffer.from('16030100c8010000c40303', 'hex'),
    after: 'end',
    mayAnswer: isRefusal,
  },
  { name: 'another version', bytes: 'GET /v2/ HTTP/9.9\r\nHost: x\r\n\r\n', ...refusedOnly },
  {
    name: 'a nul in a header',
    bytes: 'GET /v2/ HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n',
    ...refusedOnly,
  },
  {
    name: 'two lengths',
    bytes:
      'POST /v2/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ...refusedOnly,
  },
  {
    name: 'half a request, half-closed',
    bytes: blob.slice(0, 90),
    after: 'end',
    mayAnswer: isRefusal,
  },
  {
    name: 'a request, half-closed',
    bytes: blob,
    after: 'end',
    mayAnswer: (status) => status === 307,
  },
  { name: 'gone before the answer', bytes: blob, after: 'break', mayAnswer: () => true },
  {
    name: 'half a request, and silence',
    bytes: blob.slice(0, 90),
    after: 'stay',
    mayAnswer: isRefusal,
  },
  { name: 'a connection, and silence', bytes: '', after: 'stay', mayAnswer: isRefusal },
]

const stayMs = 5000
const withinMs = 20_000

/** Does one, over a connection of its own, and says what was wrong with what came of it, if anything. */
export function beHostile(
  target: LoadTarget,
  nth: number,
  { name, bytes, after, mayAnswer }: Hostility,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let received = ''
    const finish = (fault: string | undefined) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(fault === undefined ? undefined : `${name}: ${fault}`)
    }
    // A port of its own range, so that none is wanting for honest clients.
    const localAddress = loopbackAddress(100 + (nth % 64))
    const socket = connect({ ...target, localAddress, allowHalfOpen: after === 'end' }, () => {
      if (after === 'end') socket.end(bytes)
      else socket.write(bytes)
      if (after === 'break') setImmediate(() => socket.resetAndDestroy())
    })
    const timer = setTimeout(
      () => finish(after === 'stay' ? undefined : 'the connection was left open'),
      after === 'stay' ? stayMs : withinMs,
    )
    let refused: string | undefined
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
    socket.on('end', () => finish(answerFault(received, mayAnswer)))
    // Whoever is cut off while it still sends may see no answer; a connection that was never had is another matter.
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code !== 'ECONNRESET' && code !== 'EPIPE') refused = code
    })
    socket.on('close', () => finish(refused ?? answerFault(received, mayAnswer)))
  })
}

function answerFault(received: string, mayAnswer: (status: number) => boolean): string | undefined {
  if (received === '') return undefined
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(received)?.[1])
  return mayAnswer(status) ? undefined : `answered ${JSON.stringify(received.slice(0, 60))}`
}
