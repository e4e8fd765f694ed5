import { Agent, request } from 'undici/index.js'

/** A gateway that takes longer is treated as gone: nobody waits for a run's metrics. */
const timeoutMs = 5000

/**
 * Gives a Pushgateway the metrics of a job. `url` is the gateway, or a whole address below it with
 * /metrics/job/ in it. Rejects where the gateway does not take them, with a message that has no
 * password.
 */
export async function pushMetrics(
  url: string,
  job: string,
  instance: string | undefined,
  metrics: { readonly text: string; readonly contentType: string },
): Promise<void> {
  const { address, shown, authorization } = pushAddress(url, job, instance)
  const dispatcher = new Agent()
  try {
    const { statusCode, body } = await request(address, {
      // POST replaces the metrics that are there again, and PUT all: with PUT, a run that fails
      // would take the time of the last success with it.
      method: 'POST',
      body: metrics.text,
      headers: { 'content-type': metrics.contentType, ...authorization },
      signal: AbortSignal.timeout(timeoutMs),
      dispatcher,
    })
    if (statusCode >= 200 && statusCode < 300) return
    const answer = (await body.text()).trim().slice(0, 200)
    throw new Error(`answered ${statusCode}${answer === '' ? '' : ` (${answer})`}`)
  } catch (error) {
    throw new Error(`${shown}: ${(error as Error).message}`, { cause: error })
  } finally {
    await dispatcher.destroy()
  }
}

function pushAddress(url: string, job: string, instance: string | undefined) {
  const address = new URL(url)
  const { username, password } = address
  address.username = ''
  address.password = ''
  if (!address.pathname.includes('/metrics/job/')) {
    address.pathname = `${address.pathname.replace(/\/+$/, '')}/metrics/job/${job}`
  }
  const path = address.pathname.replace(/\/+$/, '')
  if (instance !== undefined) address.pathname = `${path}/instance/${encodeURIComponent(instance)}`
  const named = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const authorization =
    username === '' ? {} : { authorization: `Basic ${Buffer.from(named).toString('base64')}` }
  return { address, authorization, shown: `POST ${address.origin}${address.pathname}` }
}
