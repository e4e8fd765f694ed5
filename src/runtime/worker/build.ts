import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { ConfigError } from '../../config/error.ts'
import { checkWorkerConfig } from './check.ts'

// wrangler runs this before it makes a Worker (see wrangler.toml): it checks nearport.json, names all
// that is wrong with it, and leaves what the Worker is made with.
const from = process.env['NEARPORT_CONFIG'] ?? 'nearport.json'
const to = '.wrangler/nearport.json'

try {
  const checked = checkWorkerConfig(JSON.parse(readFileSync(from, 'utf8')), from)
  mkdirSync(dirname(to), { recursive: true })
  writeFileSync(to, JSON.stringify(checked))
} catch (error) {
  // Where it stands in here is nothing to whoever wrote the file.
  const isOurs = error instanceof ConfigError
  console.error(isOurs ? error.message : `${from}: ${(error as Error).message}`)
  process.exitCode = 1
}
