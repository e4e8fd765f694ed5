import { connect } from 'node:net'

/**
 * An answer as it stood on the wire. Header names are in lower case; a name that came twice is
 * there twice.
 */
export type RawResponse = {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

/**
 * Sends bytes to a loopback port as they are, which no well-behaved client can, and reads until the
 * other side ends.
 */
export function sendRaw(port: number, text: string): Promise<RawResponse | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from(text, 'latin1')))
    socket.setTimeout(5000, () => socket.destroy(new Error('no end within 5 s')))
    socket.on('data', (chunk) => chunks.push(chunk))
    // Who is answered before all was read may find the connection gone; what came before counts.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error)
    })
    socket.on('close', () => resolve(parse(Buffer.concat(chunks).toString('latin1'))))
  })
}

function parse(text: string): RawResponse | undefined {
  if (text === '') return undefined
  const end = text.indexOf('\r\n\r\n')
  const [first, ...lines] = text.slice(0, end).split('\r\n')
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
  })
  return { status: Number(first!.split(' ')[1]), headers, body: text.slice(end + 4) }
}
