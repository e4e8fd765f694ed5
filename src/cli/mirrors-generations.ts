import { bytesText } from '../core/bytes-text.ts'
import type { Generation } from '../sync/mirrors/generations.ts'
import { listGenerations, releaseGeneration } from '../sync/mirrors/generations.ts'
import { rollBack } from '../sync/mirrors/mirror-rollback.ts'
import type { ExitCode } from './command.ts'
import type { MirrorsCall } from './mirrors.ts'
import { printable } from './printable.ts'

/** `nearport mirrors generations`. */
export async function listIndexes({ config, deps, json, out }: MirrorsCall): Promise<ExitCode> {
  const generations = await listGenerations(config, deps)
  if (json) out(`${JSON.stringify(generations)}\n`)
  else if (generations.length === 0) out('no index is published\n')
  else out(generations.map(lineOf).join(''))
  return 0
}

/** `nearport mirrors rollback`. */
export async function rollback(call: MirrorsCall): Promise<ExitCode> {
  const { config, deps, json, out, rest, dryRun } = call
  const generation = rest[0] === undefined ? undefined : Number(rest[0])
  const rolled = await rollBack(config, deps, { generation, dryRun })
  if (json) out(`${JSON.stringify(rolled ?? {})}\n`)
  else if (rolled !== undefined) {
    const { from, blobs, lost, to } = rolled
    const less = lost === 0 ? '' : `, without ${lost} that no mirror that serves holds any more`
    const contents = `the ${blobs} blobs of generation ${from}${less}`
    if (dryRun) out(`would publish ${contents}\n`)
    else if (rolled.generation !== undefined) {
      const where = printable(to.join(', '))
      out(`generation ${rolled.generation}: ${contents}, in ${where}\n`)
      out('sync publishes nothing until: nearport mirrors release\n')
    }
  }
  return rolled === undefined ? 1 : 0
}

/** `nearport mirrors release`. */
export async function release(call: MirrorsCall): Promise<ExitCode> {
  const { config, deps, json, out, dryRun } = call
  const released = await releaseGeneration(config, deps, { dryRun })
  if (json) out(`${JSON.stringify(released)}\n`)
  else if (released.to.length === 0) out('nothing is pinned\n')
  else {
    const what = dryRun ? 'would release' : 'released'
    out(`${what} generation ${released.generation} in ${printable(released.to.join(', '))}\n`)
  }
  return 0
}

function lineOf({ generation, madeAt, blobs, sizeBytes, places, ...rest }: Generation): string {
  const state = [
    ...(rest.isCurrent ? ['current'] : []),
    ...(rest.pinnedTo === undefined ? [] : [`pinned to ${rest.pinnedTo}`]),
  ]
  const parts = [
    `${generation} ${madeAt}`,
    blobs === undefined ? 'damaged' : `${blobs} blobs`,
    bytesText(sizeBytes),
    ...state,
    `in ${printable(places.join(', '))}`,
  ]
  return `${parts.join(', ')}\n`
}
