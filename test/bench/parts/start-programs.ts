import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CommandLine } from '../../e2e/parts/process.ts'
import type { ServerRecipe } from './pinned.ts'

const root = join(import.meta.dirname, '../../..')

/** A way to start something that answers, by the configuration that it is to have. */
export type StartProgram = (config: string, port: number) => ServerRecipe

/** `nearport serve` from the checkout, whose TypeScript runs as it is. */
export const fromCheckout: StartProgram = (config, port) =>
  served('checkout', [process.execPath, join(root, 'bin/nearport.js')], config, port)

/** The same from a package. */
export function buildPackage(folder: string): StartProgram {
  const program = packProgram(folder)
  return (config, port) => served('package', [process.execPath, program], config, port)
}

/** Builds a package anew into a folder, as `npm pack` packs it, and tells its program. */
export function packProgram(folder: string): string {
  execFileSync(process.execPath, [join(root, 'deploy/package/build.ts')], { stdio: 'inherit' })
  const built = join(folder, 'package')
  mkdirSync(built)
  for (const part of ['bin', 'data', 'dist', 'package.json']) {
    cpSync(join(root, part), join(built, part), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(built, 'node_modules'))
  return join(built, 'bin/nearport.js')
}

/** A server of Node's own that gives one answer, written as anyone would write it. */
export function writeBareServer(folder: string): StartProgram {
  const file = join(folder, 'bare.mjs')
  writeFileSync(
    file,
    `import { createServer } from 'node:http'
createServer((_, answer) => answer.writeHead(307, { Location: 'http://bare.example/' }).end()).listen(
  Number(process.argv[2]), '127.0.0.1')
`,
  )
  return (_, port) => ({ name: 'bare', port, command: [process.execPath, file, `${port}`] })
}

function served(name: string, program: CommandLine, config: string, port: number): ServerRecipe {
  return { name, port, command: [...program, 'serve', '--config', config] }
}
