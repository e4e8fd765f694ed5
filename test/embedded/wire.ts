import { connect } from 'node:net'

/**
 * What came back over a plain socket: the status line and headers as they were sent, and the bytes
 * after them.
 */
export type WireAnswer = { readonly head: string; readonly body: string }

/** Sends text over a socket of its own and reads until the other side closes. */
export function exchange(port: number, text: string): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let received = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => (received += chunk))
    socket.on('error', reject)
    socket.on('close', () => {
      const end = received.indexOf('\r\n\r\n')
      resolve({ head: received.slice(0, end), body: received.slice(end + 4) })
    })
  })
}

/** Sends text and hangs up before an answer can come. */
export function hangUpAfter(port: number, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(text, 'latin1', () => setTimeout(() => socket.destroy(), 20))
    })
    socket.on('error', reject)
    socket.on('close', () => resolve())
  })
}
