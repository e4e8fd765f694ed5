import { createHash } from 'node:crypto'
import { indexPointerName, mirrorIndexPrefix, parseIndexPointer } from '../../core/index-pointer.ts'
import type { Mirror } from '../../core/mirror.ts'
import { signedUrl } from '../../core/mirror.ts'
import type { AnonymousDeps } from './anonymous.ts'
import { askAnonymously } from './anonymous.ts'

/**
 * Whether the index that was just published can be read from one of these mirrors as `serve` will,
 * with no credentials but a private mirror's signature: the pointer, and the whole generation that it points to. Returns a
 * sentence saying what was wanted and what came where it cannot: clients would be sent to no mirror
 * at all.
 */
export async function checkIndexReadable(
  mirrors: readonly Mirror[],
  deps: AnonymousDeps,
): Promise<string | undefined> {
  const got: string[] = []
  for (const mirror of mirrors) {
    const failure = await checkMirror(mirror, deps)
    if (failure === undefined) return undefined
    got.push(`${failure} from ${mirror.id}`)
  }
  const readers = mirrors.some(({ signer }) => signer === undefined) ? 'anyone' : 'serve'
  return (
    `wanted ${mirrorIndexPrefix} to be readable by ${readers} in one mirror, or index.directory to be set, ` +
    `got ${got.join(', ')}`
  )
}

/** What came in place of the index, or undefined where it is there. */
async function checkMirror(mirror: Mirror, deps: AnonymousDeps): Promise<string | undefined> {
  const ask = (key: string, limitBytes?: number) =>
    askAnonymously('GET', signedUrl(mirror, 'GET', key), deps, {
      // Who reads the index unpacks what a host packs on its way.
      headers: { 'accept-encoding': 'identity' },
      ...(limitBytes === undefined ? {} : { limitBytes }),
    })
  try {
    const text = await ask(mirrorIndexPrefix + indexPointerName)
    if (text.status !== 200) return String(text.status)
    const pointer = parseIndexPointer(text.bytes.toString(), mirrorIndexPrefix)
    if (typeof pointer === 'string') return `a ${indexPointerName} that is none (${pointer})`

    const { status, bytes } = await ask(pointer.key, pointer.sizeBytes)
    if (status !== 200) return `${status} for ${pointer.key}`
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    return sha256 === pointer.sha256 ? undefined : `other bytes for ${pointer.key}`
  } catch (error) {
    const { statusCode, message } = error as { statusCode?: number; message: string }
    return String(statusCode ?? message)
  }
}
