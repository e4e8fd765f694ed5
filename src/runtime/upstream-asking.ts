import type { Config } from '../config.ts'
import { discard } from '../proxy/upstream/fetch.ts'
import type { UpstreamHealth } from '../proxy/upstream/health.ts'

/** How often the upstreams' addresses are asked, in milliseconds. */
export const askUpstreamsEveryMs = 10_000

/** One failure may be an accident: what is down should be known before many are sent there. */
const mostQuestions = 3

/** Asks the upstreams' addresses until it is told to end, by the function that it returns. */
export function startAskingUpstreams(
  config: Config,
  health: UpstreamHealth,
  fetchNow: typeof fetch = fetch,
): () => void {
  const ask = createUpstreamAsking(config, health, fetchNow)
  if (ask === undefined) return () => {}
  void ask()
  const timer = setInterval(() => void ask(), askUpstreamsEveryMs)
  timer.unref()
  return () => clearInterval(timer)
}

/**
 * Asks every address of the upstreams that have several, whether it is well, and twice more where it is
 * not: where clients are sent there themselves, nothing else would tell. Any answer but a server's error
 * says that it is. Undefined where no upstream has several.
 */
export function createUpstreamAsking(
  { upstreams, relay }: Config,
  health: UpstreamHealth,
  fetchNow: typeof fetch,
  pauseMs = 1000,
): (() => Promise<void>) | undefined {
  const registries = upstreams.flatMap(({ registry, addresses }) =>
    addresses === undefined || addresses.length === 0
      ? []
      : [registry, ...addresses.map((address) => address.registry)],
  )
  const timeoutMs = Math.min(relay.timeoutMs, askUpstreamsEveryMs)
  const ask = async (registry: string) => {
    for (let asked = 0; asked < mostQuestions; asked++) {
      if (asked > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
      const isWell = await isAnswering(registry, timeoutMs, fetchNow)
      health.hear(registry, isWell)
      if (isWell) return
    }
  }
  if (registries.length === 0) return undefined
  return async () => {
    await Promise.all([...new Set(registries)].map(ask))
  }
}

/** Whether a registry answers in time, with anything but a server's error. */
export async function isAnswering(
  registry: string,
  timeoutMs: number,
  fetchNow: typeof fetch,
): Promise<boolean> {
  try {
    const answer = await fetchNow(`${registry}/v2/`, {
      redirect: 'manual',
      headers: { 'user-agent': 'nearport' },
      signal: AbortSignal.timeout(timeoutMs),
    })
    discard(answer)
    return answer.status < 500
  } catch {
    return false
  }
}
