import { indexPointerName, mirrorIndexPrefix } from '../core/index-pointer.ts'
import type { Mirror } from '../core/mirror.ts'
import type { AnonymousDeps } from './anonymous.ts'
import { askAnonymously } from './anonymous.ts'

/**
 * Whether the index that was just published can be read without credentials from one of these mirrors, as `serve` will.
 * Returns a sentence saying what was wanted and what came where it cannot: clients would be sent to no mirror at all.
 */
export async function checkIndexReadable(
  mirrors: readonly Mirror[],
  deps: AnonymousDeps,
): Promise<string | undefined> {
  const got: string[] = []
  for (const { id, publicUrl } of mirrors) {
    const came = await statusOf(`${publicUrl}/${mirrorIndexPrefix}${indexPointerName}`, deps)
    if (came === '200') return undefined
    got.push(`${came} from ${id}`)
  }
  return (
    `wanted ${mirrorIndexPrefix} to be readable by anyone in one mirror, or index.directory to be set, ` +
    `got ${got.join(', ')}`
  )
}

async function statusOf(url: string, deps: AnonymousDeps): Promise<string> {
  try {
    return String((await askAnonymously('GET', url, deps)).status)
  } catch (error) {
    const { statusCode, message } = error as { statusCode?: number; message: string }
    return String(statusCode ?? message)
  }
}
