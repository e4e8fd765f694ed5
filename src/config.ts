import { accept } from './config/accept.ts'
import type { ConfigFile } from './config/schema.ts'
import { ConfigError } from './config/error.ts'
import { describeFile, describeWhole } from './config/checks.ts'
import { describeIssues } from './config/issues.ts'
import type { Config } from './config/made.ts'
import { makeConfig } from './config/made.ts'
import { loadZod, replay } from './config/replayed.ts'
import { configSchema } from './config/schema.ts'

export type * from './config/made.ts'

/**
 * Checks a configuration and fills in its defaults. `source` is what messages call it. Throws
 * ConfigError.
 */
export function parseConfig(json: unknown, source: string): Config {
  return makeConfig(checkConfig(json, source))
}

/**
 * Checks a configuration and fills in its defaults, in the form that its file has. Throws ConfigError,
 * with every problem at once.
 */
export function checkConfig(json: unknown, source: string): ConfigFile {
  const accepted = accept(configSchema, json)
  const parsed =
    accepted === undefined
      ? replay(configSchema, loadZod()).safeParse(json)
      : { success: true as const, data: accepted }
  const problems = [
    ...(parsed.success ? [] : describeIssues(parsed.error.issues, json)),
    ...describeFile(json),
    ...(parsed.success ? describeWhole(parsed.data) : []),
  ]
  if (!parsed.success || problems.length > 0) throw new ConfigError(source, problems)
  return parsed.data
}

/** The JSON Schema of nearport.json, for editors. */
export function configJsonSchema(): object {
  const z = loadZod()
  return z.toJSONSchema(replay(configSchema, z), { io: 'input', unrepresentable: 'any' })
}
