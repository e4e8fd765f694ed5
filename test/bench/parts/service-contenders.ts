import type { CommandLine } from '../../e2e/parts/process.ts'
import type { Ask } from './asks.ts'
import { blobAsks, firstAsk } from './asks.ts'
import type { FirstAsk, ServerRecipe } from './pinned.ts'
import { checkRedirects, inMirror } from './redirects.ts'
import type { ServedIndex } from './served-index.ts'
import { serveIndex } from './served-index.ts'
import { findBun, onBun, onNode } from './service-nearport.ts'
import { prepareReferences, references } from './service-references.ts'
import { packProgram } from './start-programs.ts'
import type { Workshop } from './workshop.ts'

/** What is measured beside each other, and what is asked of all of them. */
export type Contenders = {
  readonly recipes: readonly ServerRecipe[]
  /** What each is ready with. */
  readonly firstAsk: (port: number) => FirstAsk
  readonly asks: readonly Ask[]
  /** Throws where a server at this port does not redirect each to where it should lead. */
  readonly check: (port: number) => Promise<void>
  /** Programs that say their versions. */
  readonly versions: readonly CommandLine[]
}

const ports = { node: 18_080, bun: 18_084 }
const blobs = 100_000
/** Each of another blob and from another address, so that no answer is the one before. */
const asked = 1024

/** nearport on every runtime that is here, and the references: nothing is started yet. */
export async function prepareContenders(workshop: Workshop): Promise<Contenders> {
  const { directory: folder, keep } = workshop
  const serve = async (port: number) => {
    const served = await serveIndex({ folder, port, blobs, mirrors: 1, asked })
    await keep(Promise.resolve({ stop: served.close }))
    return served
  }
  const served = new Map<number, ServedIndex>([[ports.node, await serve(ports.node)]])
  const first = served.get(ports.node)!
  const program = packProgram(folder)
  const recipes = [onNode({ program, config: first.config, port: ports.node })]
  const bun = findBun()
  if (bun === undefined) console.log('no Bun here (npm ci --prefix test/bun): without it')
  else {
    served.set(ports.bun, await serve(ports.bun))
    const { config } = served.get(ports.bun)!
    recipes.push(onBun(bun, { program, config, port: ports.bun }))
  }
  const asks = blobAsks(first.digests)
  const location = inMirror(first.mirrorUrl)(asks[0]!)
  recipes.push(...(await prepareReferences(folder, location)))
  const locationOf = (port: number) => {
    const own = served.get(port)
    return own === undefined ? () => location : inMirror(own.mirrorUrl)
  }
  return {
    recipes,
    asks,
    firstAsk: (port) => firstAsk(asks[0]!, locationOf(port)(asks[0]!)),
    check: (port) => checkRedirects(port, asks, locationOf(port)),
    versions: versionsOf(recipes, bun),
  }
}

function versionsOf(
  recipes: readonly ServerRecipe[],
  bun: string | undefined,
): readonly CommandLine[] {
  const hasGo = recipes.some((recipe) => recipe.name === references.go)
  return [
    ...(bun === undefined ? [] : [['sh', '-c', `echo "Bun $('${bun}' --version)"`] as const]),
    ['sh', '-c', 'nginx -v 2>&1 | sed "s/.*: //"'],
    ...(hasGo ? [['sh', '-c', 'go version | sed "s/.* go/Go /; s, [a-z]*/.*,,"'] as const] : []),
    ['dpkg-query', '-W', '-f', 'wrk ${Version}', 'wrk'],
  ]
}
