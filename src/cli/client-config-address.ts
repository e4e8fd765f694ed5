import { UsageError } from './command.ts'
import { printable } from './printable.ts'

/** Whose images a client is to get through nearport, and where that is. */
export type PullRoute = {
  /** nearport's own address, `host` or `host:port`. */
  readonly nearport: string
  readonly scheme: 'http' | 'https'
  /** The registry that image names begin with; nearport's own address where nothing else is named. */
  readonly registry: string
}

/** As image names have it, whatever host Docker Hub answers on. */
export const dockerHub = 'docker.io'

const label = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?'
const grammar = new RegExp(String.raw`^(${label}(?:\.${label})*)(?::(\d{1,5}))?$`)
const longestName = 255

// Clients take these for Docker Hub, but look for its configuration under docker.io alone.
const hubAliases: ReadonlySet<string> = new Set([
  dockerHub,
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
])

/**
 * Reads a registry as image names begin with it (distribution's reference grammar), less IPv6
 * literals, which only some clients take. Throws UsageError.
 */
export function parseRegistry(flag: string, text: string | undefined): string {
  const [, host, port] = grammar.exec(text ?? '') ?? []
  // A first part with neither dot nor port is a folder of Docker Hub's to every client.
  const isRegistry = host?.includes('.') || port !== undefined || host === 'localhost'
  const isPort = port === undefined || (Number(port) > 0 && Number(port) <= 65_535)
  if (text === undefined || !isRegistry || !isPort || text.length > longestName) {
    const got = text === undefined ? 'none' : printable(text)
    throw new UsageError(
      `${flag} wants HOST or HOST:PORT as image names begin with it, with no scheme and no path, and got ${got}`,
    )
  }
  return text
}

/** Reads `--registry`, `--mirror-of` and `--http`. Throws UsageError. */
export function parseRoute(flags: {
  readonly registry?: string
  readonly 'mirror-of'?: string
  readonly http?: boolean
}): PullRoute {
  const nearport = parseRegistry('--registry', flags.registry)
  if (hubAliases.has(nearport)) {
    throw new UsageError(
      `--registry wants nearport's own address, and got Docker Hub's: wanted --mirror-of ${dockerHub} beside it`,
    )
  }
  const scheme = flags.http === true ? 'http' : 'https'
  if (flags['mirror-of'] === undefined) return { nearport, scheme, registry: nearport }

  const registry = parseRegistry('--mirror-of', flags['mirror-of'])
  if (registry !== dockerHub && hubAliases.has(registry)) {
    throw new UsageError(
      `--mirror-of wants ${dockerHub}, as image names call Docker Hub, and got ${registry}`,
    )
  }
  if (registry.toLowerCase() === nearport.toLowerCase()) {
    throw new UsageError(
      `--mirror-of wants another registry than nearport's own address, and got ${registry}`,
    )
  }
  return { nearport, scheme, registry }
}

/** Whether images are named after nearport itself: then there is nothing to fall back to. */
export function isOwnName({ nearport, registry }: PullRoute): boolean {
  return nearport === registry
}

/** The address that clients open. */
export function nearportUrl({ scheme, nearport }: PullRoute): string {
  return `${scheme}://${nearport}`
}
