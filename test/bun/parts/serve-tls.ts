import { listenWithTls } from '../../../src/runtime/http/tls-listener.ts'

/** Listens with the certificate and key of two files, on Bun, and says where and what came of them. */
const [cert, key] = process.argv.slice(2)
const say = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`)
const served = { fetch: (request: Request) => new Response(request.url) }
const address = { host: '127.0.0.1', port: 0 }
const listener = await listenWithTls(served, address, { cert: cert!, key: key! }, say, 20)
say({ event: 'listening', port: listener.port })
