/**
 * What `import … from 'nearport'` gives: the app that clients see, for whoever has a server of their
 * own. See docs/embedding.md.
 */
export { createNodeApp } from './runtime/node-app.ts'
export type { NodeApp, NodeAppDeps, PeerBindings } from './runtime/node-app.ts'

// A configuration, checked.
export { parseConfig } from './config.ts'
export type { Config } from './config.ts'
export { ConfigError } from './config/error.ts'

// What is recorded of each request, and of what happens beside them.
export type { RequestEvent, ServiceEvent } from './core/event.ts'

// The parts, for whoever puts an app together in another way.
export { createApp } from './proxy/app.ts'
export type { ProxyDeps } from './proxy/handling.ts'
export { createPolicies, createPolicy } from './runtime/policy.ts'
export type { Policies } from './runtime/policy.ts'
export { createPresence } from './runtime/presence.ts'
export { createNodeRelay } from './runtime/node-relay.ts'
export { createClientAddressReader } from './proxy/client-address.ts'
export { loadBundledTable } from './ranges/bundled.ts'
