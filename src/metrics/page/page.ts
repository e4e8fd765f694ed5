import { Hono } from 'hono'
import type { Report } from '../report.ts'
import { reportJson } from '../report-json.ts'
import { showPage } from './document.ts'
import type { Answer } from './explain-box.ts'
import { pageScript } from './page-script.ts'
import { pageStyle } from './page-style.ts'
import { parsePeriod, viewPeriod } from './view.ts'

/** What the page is made from, and whom it asks. */
export type PageDeps = {
  readonly report: () => Report
  /** Every step to what a client at an address would be answered, or why it cannot be told. */
  readonly explain: (method: string, path: string, address: string) => Promise<Answer>
  readonly version: string
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/**
 * What is shown comes from clients and from queries too. It is escaped; and were it not, nothing
 * that is not in our own two files would run or be fetched.
 */
const headers = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
}

/** Creates the page, its style and script, and `/report.json`, for the app of the admin port. */
export function createPage(deps: PageDeps): Hono {
  const app = new Hono()
  const view = (period: string | undefined) =>
    viewPeriod(deps.report(), parsePeriod(period), deps.now())

  app.get('/', (c) => {
    const page = showPage({ view: view(c.req.query('period')), version: deps.version })
    return c.html(page, 200, headers)
  })
  app.get('/explain', async (c) => {
    const { ip = '', path = '', method = 'GET', period } = c.req.query()
    const question = { method, path: path.trim(), address: ip.trim() }
    const isAsked = ip !== '' || path !== ''
    const asked = isAsked ? { question, answer: await answerTo(question, deps) } : undefined
    const page = showPage({ view: view(period), version: deps.version, ...(asked && { asked }) })
    return c.html(page, 200, headers)
  })
  app.get('/report.json', (c) => c.json(reportJson(deps.report()), 200, headers))
  app.get('/page.css', (c) =>
    c.body(pageStyle, 200, { ...headers, 'Content-Type': 'text/css; charset=utf-8' }),
  )
  app.get('/page.js', (c) =>
    c.body(pageScript, 200, { ...headers, 'Content-Type': 'text/javascript; charset=utf-8' }),
  )
  return app
}

async function answerTo(
  { method, path, address }: { method: string; path: string; address: string },
  { explain }: PageDeps,
): Promise<Answer> {
  if (!path.startsWith('/'))
    return { problem: `wanted a path that begins with /, got ${path || 'nothing'}` }
  return explain(method, path, address)
}
