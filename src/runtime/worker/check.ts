import { checkConfig } from '../../config.ts'
import { ConfigError } from '../../config/error.ts'
import { edgeAddress } from './address.ts'
import type { CheckedFile } from './config.ts'

/**
 * Checks a configuration for the Worker. It is the file that Node reads, whose folders and ports mean
 * nothing here. Throws ConfigError, also where clients' addresses are to come from anything that the
 * edge does not vouch for: such a file was written for another place.
 */
export function checkWorkerConfig(json: unknown, source: string): CheckedFile {
  const file = checkConfig(json, source)
  const { clientAddress } = file
  if (clientAddress !== 'socket') {
    const { header, fromRight } = clientAddress
    if (header !== edgeAddress.header || fromRight !== edgeAddress.fromRight) {
      const wanted = `wanted {"header": "${edgeAddress.header}"} or nothing, as a Worker trusts no other`
      const got = JSON.stringify(clientAddress)
      throw new ConfigError(source, [`clientAddress: ${wanted}, got ${got}`])
    }
  }
  return { checkedFor: 'workers', file: saysHowOften(json) ? file : withSeldomLooks(file) }
}

/** Isolates are many, and each looks after mirrors for itself: to ask costs what a client's read costs. */
const seldomSeconds = 60

function saysHowOften(json: unknown): boolean {
  const { health } = Object(json) as { readonly health?: unknown }
  return (Object(health) as { readonly everySeconds?: unknown }).everySeconds !== undefined
}

function withSeldomLooks(file: CheckedFile['file']): CheckedFile['file'] {
  return { ...file, health: { ...file.health, everySeconds: seldomSeconds } }
}
