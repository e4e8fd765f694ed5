import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { main } from '../../src/cli/main.ts'
import type { World } from '../sync/world.ts'
import { createWorld, env } from '../sync/world.ts'
import { createTerminal } from './terminal.ts'

/** A registry and two mirrors, and commands run with the configuration of them. */
export type ConfiguredWorld = World & {
  /** Runs `nearport ARGS --config FILE` as a process of its own would. */
  readonly run: (
    ...args: readonly string[]
  ) => Promise<{ readonly code: number; readonly out: string; readonly err: string }>
}

/** Creates a world whose configuration is written anew for every command. */
export async function createConfiguredWorld(): Promise<ConfiguredWorld> {
  const world = await createWorld()
  const folder = await mkdtemp(join(tmpdir(), 'nearport-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'nearport.json')
  return {
    ...world,
    async run(...args) {
      await writeFile(path, JSON.stringify(world.file))
      const terminal = createTerminal(env)
      const code = await main([...args, '--config', path], terminal)
      return { code, ...terminal.written }
    },
  }
}
