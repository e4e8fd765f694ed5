import type { WorkerEnv } from './env.ts'

/** A row of an answer: its columns by name, numbers as numbers or as texts. */
export type AnalyticsRow = Readonly<Record<string, unknown>>

/** Analytics Engine's SQL interface, as the environment gives it. */
export type Analytics = {
  /** The data set that events leave their points in. */
  readonly dataset: string
  /** Asks. Rejects with what came where that is no answer; never with the token. */
  readonly ask: (sql: string) => Promise<readonly AnalyticsRow[]>
}

const usualUrl = 'https://api.cloudflare.com'
const usualDataset = 'nearport'
/** Whoever looks at the page waits for so long at most. */
const patienceMs = 10_000

/**
 * Makes a client of Analytics Engine's SQL interface, or says what it lacks. Format:
 * https://developers.cloudflare.com/analytics/analytics-engine/sql-api/
 */
export function createAnalytics(env: WorkerEnv): Analytics | { readonly lacking: string } {
  const { ANALYTICS_ACCOUNT: account = '', ANALYTICS_TOKEN: token = '' } = env
  const { ANALYTICS_DATASET: dataset = usualDataset, ANALYTICS_URL: url = usualUrl } = env
  const lacking = [
    ...(/^\w+$/.test(account) ? [] : ['the account’s id in ANALYTICS_ACCOUNT']),
    ...(token === '' ? ['a token that may read its analytics in the secret ANALYTICS_TOKEN'] : []),
    ...(/^\w+$/.test(dataset) ? [] : ['the name of a data set in ANALYTICS_DATASET']),
  ]
  if (lacking.length > 0) return { lacking: `wanted ${lacking.join(', and ')}` }

  const address = `${url}/client/v4/accounts/${account}/analytics_engine/sql`
  return {
    dataset,
    async ask(sql) {
      const answer = await fetch(address, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}` },
        body: sql,
        // It would take the token to wherever it is sent.
        redirect: 'manual',
        signal: AbortSignal.timeout(patienceMs),
      })
      const text = await answer.text()
      if (!answer.ok) {
        throw new Error(`Analytics Engine answered ${answer.status}: ${text.slice(0, 300)}`)
      }
      return rowsOf(text)
    },
  }
}

function rowsOf(text: string): readonly AnalyticsRow[] {
  const { data } = Object(JSON.parse(text)) as { readonly data?: unknown }
  if (!Array.isArray(data)) throw new Error('Analytics Engine: wanted a list of rows, got none')
  return data as readonly AnalyticsRow[]
}
