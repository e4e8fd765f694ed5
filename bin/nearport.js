#!/usr/bin/env node
// The checkout runs its TypeScript as it is; the package has what it was compiled to, and no src/.
import { existsSync } from 'node:fs'

// What nearport stands on fails in ways of its own on an older one.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(`nearport wants Node 22.19 or later, got ${process.versions.node}`)
  process.exit(1)
}

const source = new URL('../src/cli/main.ts', import.meta.url)
const compiled = new URL('../dist/cli/main.js', import.meta.url)
const { runProcess } = await import(existsSync(source) ? source.href : compiled.href)
await runProcess()
