#!/usr/bin/env node
// The checkout runs its TypeScript as it is; the package has what it was compiled to, and no src/.
import { existsSync } from 'node:fs'
import { enableCompileCache } from 'node:module'

// What nearport stands on fails in ways of its own on an older one.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(`nearport wants Node 22.19 or later, got ${process.versions.node}`)
  process.exit(1)
}

// What is loaded is kept compiled from one call to the next, where there is a folder for it.
enableCompileCache()
const source = new URL('../src/cli/main.ts', import.meta.url)
// One file, for the command whose start somebody waits for.
const file = process.argv[2] === 'serve' ? 'bundle' : 'main'
const compiled = new URL(`../dist/cli/${file}.js`, import.meta.url)
const { runProcess } = await import(existsSync(source) ? source.href : compiled.href)
await runProcess()
