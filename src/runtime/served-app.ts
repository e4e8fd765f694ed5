import type { Hono } from 'hono'
import type { Config } from '../config.ts'
import type { AddressTable } from '../core/address-table.ts'
import { createApp } from '../proxy/app.ts'
import type { AtOnce } from '../proxy/at-once.ts'
import { answerKnown, begin } from '../proxy/at-once.ts'
import { createClientAddressReader } from '../proxy/client-address.ts'
import type { ProxyDeps } from '../proxy/handling.ts'
import type { OptOut } from '../proxy/opt-out.ts'
import type { RequestHead } from '../proxy/request-head.ts'
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
export type ServedApp<Env extends object> = {
  /** Where all routes are told. */
  readonly app: Hono<{ Bindings: Env }>
  /** What the app answers without asking anyone, before there is a Web Request. */
  readonly atOnce: AtOnce<Env>
}

/** Puts the app together from what a configuration comes to. */
export function createServedApp<Env extends object>(parts: ServedAppParts<Env>): ServedApp<Env> {
  const { config, policies, optOut, table, peerOf, ...given } = parts
  // Asked only where it counts: to ask Bun for it was 9 % of what a redirect took.
  const peer = config.clientAddress.kind === 'socket' ? peerOf : () => undefined
  const addressOf = createClientAddressReader(config.clientAddress)
  const clientOf = (head: RequestHead, env: Env) => addressOf(head, peer(env))
  const deps: ProxyDeps<Env> = {
    ...given,
    policyOf(head, ns, env) {
      const isOut = optOut?.has(head, () => clientOf(head, env)) === true
      return (isOut ? policies.optedOut : policies.usual)(() => head.host, ns)
    },
    locate(head, env) {
      const address = clientOf(head, env)
      return address === undefined ? undefined : table.locate(address)
    },
    askForMs: config.probe.timeoutMs,
    elapsedMs: () => performance.now(),
  }
  return {
    app: createApp(deps),
    atOnce(head, env) {
      const { decision, handling } = begin(head, env, deps)
      return answerKnown(decision, handling, deps)
    },
  }
}
