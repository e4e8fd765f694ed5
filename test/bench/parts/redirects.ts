import { Agent, fetch } from 'undici'
import type { Ask } from './asks.ts'

/**
 * Asks each once, and throws where an answer is no redirect to where it should lead: no table is made of
 * wrong answers.
 */
export async function checkRedirects(
  port: number,
  asks: readonly Ask[],
  expected: (ask: Ask) => string,
): Promise<void> {
  const dispatcher = new Agent({ connections: 16 })
  await Promise.all(
    asks.map(async (ask) => {
      const answer = await fetch(`http://127.0.0.1:${port}${ask.path}`, {
        dispatcher,
        redirect: 'manual',
        headers: { 'x-forwarded-for': ask.address },
      })
      await answer.arrayBuffer()
      const location = answer.headers.get('location')
      if (answer.status !== 307 || location !== expected(ask)) {
        const reason = answer.headers.get('x-nearport-reason')
        throw new Error(
          `wanted 307 to ${expected(ask)}, got ${answer.status} to ${location} (${reason}) for ${ask.path} of ${ask.address}`,
        )
      }
    }),
  )
  await dispatcher.close()
}

/** Where nearport should send whoever asks for a blob of the first mirror. */
export function inMirror(mirrorUrl: string): (ask: Ask) => string {
  return ({ path }) => `${mirrorUrl}/containers/images/${path.split('/').at(-1)}`
}
