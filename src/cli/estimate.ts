import regionsJson from '../../data/regions.json' with { type: 'json' }
import { writeFile } from 'node:fs/promises'
import { chooseMirrors } from '../core/estimate/choose.ts'
import { priceSet } from '../core/estimate/cost.ts'
import { demandOf } from '../core/estimate/demand.ts'
import { lengthOf } from '../core/estimate/gather.ts'
import { createModel } from '../core/estimate/model.ts'
import { costByPlace } from '../core/estimate/places.ts'
import { findSites, outsideSite } from '../core/estimate/sites.ts'
import type { Region } from '../core/regions.ts'
import { createRegions } from '../core/regions.ts'
import { loadBundledTable } from '../ranges/bundled.ts'
import { logFormats } from '../traffic/log-format.ts'
import type { Command, Terminal } from './command.ts'
import { parseFlags, UsageError } from './command.ts'
import { configFile } from './estimate-config.ts'
import type { EstimateSettings } from './estimate-flags.ts'
import { estimateFlags, readSettings } from './estimate-flags.ts'
import { estimateJson } from './estimate-json.ts'
import type { Estimate } from './estimate-made.ts'
import type { LogsRead } from './estimate-read.ts'
import { readLogs } from './estimate-read.ts'
import { estimateReport } from './estimate-report.ts'
import type { AskedSizes } from './estimate-sizes.ts'
import type { EstimateUpstream } from './estimate-upstream.ts'
import { findUpstream } from './estimate-upstream.ts'

const help = `nearport estimate --upstream-cloud CLOUD --upstream-region REGION [FLAGS] [FILE…]

Reads access logs of a registry and says what their traffic costs a month, what mirrors near the clients would save, all
that mirrors cost counted, and the nearport.json for it. Files may be packed with gzip; - or no file is standard input.

  --upstream-cloud CLOUD    where the registry's bytes come from now: aws, gcp or azure
  --upstream-region REGION  and the region there, as in us-central1
  --config FILE             says both instead; default: NEARPORT_CONFIG, then ./nearport.json, where they are there
  --upstream URL            asks that registry for manifests, where the logs do not say how large blobs are
  --mirrors N               mirrors in regions at the most; default: 12
  --clouds LIST             where mirrors may be; default: aws,gcp,r2 (r2 for whoever is in neither)
  --stored-gb N             what each mirror would hold; default: what its clients pulled in the logs
  --sample SHARE            the logs are a sample of the traffic: 0.01 for one request of a hundred
  --days N                  the time that the logs are of; default: from their first line to their last
  --format NAME             how the logs are written; default: auto, which finds it out of their first lines
  --config-out FILE         writes the nearport.json there, where no file is yet
  --json                    all of it as JSON on standard output

Formats:
${logFormats.map(({ name, description }) => `  ${name.padEnd(16)}${description}\n`).join('')}
Exit code: 0 it is told, 1 the logs cannot be read or believed, 2 used wrongly.
`

/** `nearport estimate`: see its help. */
export const estimate: Command = {
  help,
  async run(args, terminal) {
    const { flags, rest: files } = parseFlags(args, estimateFlags)
    const settings = readSettings(flags)
    const upstream = await findUpstream(flags, terminal, createRegions(regionsJson.regions))
    const made = await makeEstimate(files, settings, upstream, terminal)
    const path = flags['config-out']
    if (path !== undefined) await writeConfig(path, made.config)
    terminal.out(flags.json === true ? estimateJson(made) : estimateReport(made))
    return 0
  },
}

async function makeEstimate(
  files: readonly string[],
  settings: EstimateSettings,
  upstream: EstimateUpstream,
  terminal: Terminal,
): Promise<Estimate> {
  const { upstreams, place, prices } = upstream
  const { locate } = loadBundledTable()
  const wantsManifests = upstreams.length > 0
  const logs = await readLogs(files, { locate, format: settings.format, wantsManifests }, terminal)
  const { gathering } = logs
  const traffic = gathering.places()
  if (!traffic.some(({ pulls }) => pulls > 0)) {
    throw new Error(`wanted pulls of blobs in the logs, got none in ${logs.lines} lines`)
  }
  const spans = gathering.spans()
  const periodMs = settings.periodMs ?? lengthOf(spans)
  if (spans.length === 0 && settings.periodMs === undefined) {
    throw new UsageError(
      'estimate wants the time that the logs are of, as they do not say it: --days',
    )
  }

  const asks = wantsManifests && traffic.some(({ unsized }) => unsized > 0)
  const asked = asks ? await askUpstreams(logs, upstreams, terminal) : undefined
  const demand = demandOf(gathering, { periodMs, sample: settings.sample })
  if (demand === undefined) {
    const why = asked === undefined ? '--upstream URL asks its manifests' : whyNoSizes(asked)
    throw new Error(
      `wanted the size of one blob at least, and neither the logs nor a manifest say one: ${why}`,
    )
  }
  const regions = createRegions(regionsJson.regions)
  const sites = findSites(
    regionsJson.regions as readonly Region[],
    settings.clouds,
    place.cloud,
    prices,
  )
  const { storedBytes } = settings
  const model = createModel({ demand, sites, upstream: place, prices, regions, storedBytes })
  const choice = chooseMirrors(model, settings.most)
  const outside = sites.indexOf(outsideSite)
  return {
    settings,
    upstream,
    logs,
    asked,
    periodMs,
    demand,
    model,
    choice,
    places: costByPlace(model, choice.without, choice.withMirrors),
    allOutside: outside < 0 ? undefined : priceSet(model, [outside]),
    config: configFile(model, choice, upstreams),
  }
}

/** What asks is loaded when it is needed: a client of registries takes 20 MB. */
async function askUpstreams(
  { manifests, gathering }: LogsRead,
  upstreams: EstimateUpstream['upstreams'],
  terminal: Terminal,
): Promise<AskedSizes> {
  const { askSizes } = await import('./estimate-sizes.ts')
  return askSizes(manifests, upstreams, gathering, terminal)
}

function whyNoSizes({ manifests, failed, problem }: NonNullable<Estimate['asked']>): string {
  if (problem === undefined) return `${manifests} manifests name none of the blobs that were pulled`
  return `${failed} of ${manifests} manifests could not be had: ${problem}`
}

async function writeConfig(path: string, config: object): Promise<void> {
  try {
    await writeFile(path, `${JSON.stringify(config, null, 2)}\n`, { flag: 'wx' })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'EEXIST' ? 'there is a file, and it is not overwritten' : message
    throw new UsageError(`--config-out wants to write ${path}: ${why}`, { cause: error })
  }
}
