import { Hono } from 'hono'
import type { ClientHost } from '../core/hosts.ts'
import { hostsText } from '../core/hosts.ts'

/** What operators and orchestrators ask, on a port of its own. */
export type AdminDeps = {
  /** False while the service drains: it still answers, and wants no new clients. */
  readonly ready: () => boolean
  /** What there is to know beside the verdict, as JSON. */
  readonly details: () => Readonly<Record<string, unknown>>
  readonly metrics: () => Promise<{ readonly text: string; readonly contentType: string }>
  /** Every host that clients may be sent to. */
  readonly hosts?: () => readonly ClientHost[]
  /** The operators' page, and what belongs to it: where there is a service to be shown. */
  readonly page?: Hono
}

/** `/livez`, `/readyz` and `/metrics`, and the operators' page. */
export function createAdminApp(deps: AdminDeps): Hono {
  const app = new Hono()
  app.get('/livez', (c) => c.text('ok\n'))
  // A missing or old index is told, and no reason to send clients away: they get the upstream.
  app.get('/readyz', (c) =>
    c.json({ ready: deps.ready(), ...deps.details() }, deps.ready() ? 200 : 503),
  )
  app.get('/metrics', async (c) => {
    const { text, contentType } = await deps.metrics()
    return c.body(text, 200, { 'Content-Type': contentType })
  })
  const { hosts } = deps
  if (hosts !== undefined) {
    app.get('/hosts', (c) => c.text(hostsText(hosts())))
    app.get('/hosts.json', (c) => c.json({ hosts: hosts() }))
  }
  if (deps.page !== undefined) app.route('/', deps.page)
  return app
}
