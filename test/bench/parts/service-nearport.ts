import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { CommandLine } from '../../e2e/parts/process.ts'
import { isInstalled } from '../../e2e/parts/missing.ts'
import type { ServerRecipe } from './pinned.ts'

/** `nearport serve` by a program, with a configuration and at the port that it names. */
export type Serving = {
  readonly program: string
  readonly config: string
  readonly port: number
}

const root = join(import.meta.dirname, '../../..')
/** As it stands in this checkout: its TypeScript runs as it is. */
export const checkoutProgram = join(root, 'bin/nearport.js')

/** On Node. */
export function onNode(serving: Serving): ServerRecipe {
  return { name: 'nearport on Node', port: serving.port, command: serve(process.execPath, serving) }
}

/** On Bun, by its binary. */
export function onBun(bun: string, serving: Serving): ServerRecipe {
  return { name: 'nearport on Bun', port: serving.port, command: serve(bun, serving) }
}

/** Bun's binary, as its tests have it or as the machine has it. */
export function findBun(): string | undefined {
  const own = join(root, 'test/bun/node_modules/.bin/bun')
  if (existsSync(own)) return own
  return isInstalled('bun') ? 'bun' : undefined
}

function serve(runtime: string, { program, config }: Serving): CommandLine {
  return [runtime, program, 'serve', '--config', config]
}
