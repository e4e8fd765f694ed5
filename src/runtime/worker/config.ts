import type { ConfigFile } from '../../config/schema.ts'
import type { Config } from '../../config/made.ts'
import { makeConfig } from '../../config/made.ts'
import { edgeAddress } from './address.ts'

/** What is deployed of a nearport.json: the file as it was checked, with its defaults filled in. */
export type CheckedFile = { readonly checkedFor: 'workers'; readonly file: ConfigFile }

/**
 * Makes the Worker's configuration of what was checked as it was built. A Worker has no schema: that
 * would be most of its size, and nearly all that its start takes. Throws for a file that nobody checked.
 */
export function makeWorkerConfig(json: unknown): Config {
  const { checkedFor, file } = Object(json) as Partial<CheckedFile>
  if (checkedFor !== 'workers' || file === undefined) {
    throw new Error('wanted a nearport.json as wrangler.toml’s build has checked it, got another')
  }
  return { ...makeConfig(file), clientAddress: edgeAddress }
}
