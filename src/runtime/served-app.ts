import type { Hono } from 'hono'
import type { Config } from '../config.ts'
import type { AddressTable } from '../core/address-table.ts'
import { createApp } from '../proxy/app.ts'
import { createClientAddressReader } from '../proxy/client-address.ts'
import type { ProxyDeps } from '../proxy/handling.ts'
import { hostOf } from '../proxy/host.ts'
import type { OptOut } from '../proxy/opt-out.ts'
import type { Policies } from './policy.ts'

/** What the app is made of wherever it runs. */
export type ServedAppParts<Env> = Pick<
  ProxyDeps<Env>,
  'presence' | 'relay' | 'passThrough' | 'record' | 'now'
> & {
  readonly config: Pick<Config, 'clientAddress' | 'probe'>
  readonly policies: Policies
  readonly optOut: OptOut | undefined
  readonly table: Pick<AddressTable, 'locate'>
  /** The address of whoever is connected, where that is known. */
  readonly peerOf: (env: Env) => string | undefined
}

/** The app that clients see: each request by its client's address and the names it was asked by. */
export function createServedApp<Env extends object>(
  parts: ServedAppParts<Env>,
): Hono<{ Bindings: Env }> {
  const { config, policies, optOut, table, peerOf, ...deps } = parts
  const addressOf = createClientAddressReader(config.clientAddress)
  const clientOf = (request: Request, env: Env) => addressOf(request.headers, peerOf(env))
  return createApp<Env>({
    ...deps,
    policyOf(request, ns, env) {
      const isOut = optOut?.has(request, () => clientOf(request, env)) === true
      return (isOut ? policies.optedOut : policies.usual)(() => hostOf(request.url), ns)
    },
    locate(request, env) {
      const address = clientOf(request, env)
      return address === undefined ? undefined : table.locate(address)
    },
    askForMs: config.probe.timeoutMs,
    elapsedMs: () => performance.now(),
  })
}
