import type { SiteCloud } from '../core/estimate/sites.ts'
import { siteClouds } from '../core/estimate/sites.ts'
import type { LogFormat } from '../traffic/log-format.ts'
import { logFormats } from '../traffic/log-format.ts'
import type { Flags } from './command.ts'
import { UsageError } from './command.ts'

/** The flags of `nearport estimate`. */
export const estimateFlags = {
  config: 'string',
  'upstream-cloud': 'string',
  'upstream-region': 'string',
  upstream: 'string',
  mirrors: 'string',
  clouds: 'string',
  'stored-gb': 'string',
  sample: 'string',
  days: 'string',
  format: 'string',
  'config-out': 'string',
  json: 'boolean',
} as const

export type EstimateFlags = Flags<typeof estimateFlags>

/** What the flags say, checked. */
export type EstimateSettings = {
  /** Mirrors in regions at the most. */
  readonly most: number
  /** Where mirrors may be. */
  readonly clouds: readonly SiteCloud[]
  /** What every mirror holds; undefined: what its clients pulled. */
  readonly storedBytes: number | undefined
  /** The share of the traffic that is in the logs. */
  readonly sample: number
  /** The time that the logs are of, where it is told. */
  readonly periodMs: number | undefined
  readonly format: LogFormat | 'auto'
}

const dayMs = 86_400_000
const usualMirrors = 12

/** Reads the flags that are numbers or of a list. Throws UsageError. */
export function readSettings(flags: EstimateFlags): EstimateSettings {
  const days = numberOf('--days', flags.days, 'more than 0', (value) => value > 0)
  const stored = numberOf('--stored-gb', flags['stored-gb'], '0 or more', (value) => value >= 0)
  return {
    most:
      numberOf('--mirrors', flags.mirrors, 'a whole number of 0 or more', isCount) ?? usualMirrors,
    clouds: cloudsOf(flags.clouds),
    storedBytes: stored === undefined ? undefined : Math.round(stored * 1e9),
    sample: numberOf('--sample', flags.sample, 'more than 0 and at most 1', isShare) ?? 1,
    periodMs: days === undefined ? undefined : days * dayMs,
    format: formatOf(flags.format),
  }
}

function numberOf(
  flag: string,
  text: string | undefined,
  wanted: string,
  holds: (value: number) => boolean,
): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d{1,15}(?:\.\d{1,30})?(?:e-?\d{1,2})?$/i.test(text) ? Number(text) : NaN
  if (!holds(value)) throw new UsageError(`${flag} wants ${wanted}, and got ${text}`)
  return value
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0
}

function isShare(value: number): boolean {
  return value > 0 && value <= 1
}

function cloudsOf(text: string | undefined): readonly SiteCloud[] {
  if (text === undefined) return siteClouds
  return text.split(',').map((name) => {
    const cloud = siteClouds.find((each) => each === name.trim())
    if (cloud === undefined) {
      throw new UsageError(`--clouds wants some of ${siteClouds.join(',')}, and got ${text}`)
    }
    return cloud
  })
}

function formatOf(text: string | undefined): LogFormat | 'auto' {
  if (text === undefined || text === 'auto') return 'auto'
  const format = logFormats.find(({ name }) => name === text)
  if (format !== undefined) return format.name
  const names = logFormats.map(({ name }) => name).join(', ')
  throw new UsageError(`--format wants auto or one of ${names}, and got ${text}`)
}
