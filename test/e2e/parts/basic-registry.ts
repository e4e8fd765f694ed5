import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './process.ts'
import type { Registry, RegistrySpec } from './registry.ts'
import { startRegistry } from './registry.ts'

export type BasicRegistrySpec = Omit<RegistrySpec, 'auth'> & {
  readonly account: { readonly user: string; readonly password: string }
}

/** Starts docker-registry with Basic authentication: it answers nobody but this account. */
export async function startBasicRegistry({
  account,
  ...spec
}: BasicRegistrySpec): Promise<Registry> {
  await mkdir(spec.directory, { recursive: true })
  const path = join(spec.directory, 'htpasswd')
  await writeFile(path, `${account.user}:${await bcryptOf(account.password)}\n`)
  return startRegistry({ ...spec, auth: { htpasswd: { realm: 'nearport e2e', path } } })
}

/** As `htpasswd -B` does it. docker-registry takes no other hash, and openssl has none of these. */
async function bcryptOf(password: string): Promise<string> {
  const salt = '$2y$05$nearport.e2e.nearport.'
  const { stdout } = await run(['perl', '-e', 'print crypt($ARGV[0], $ARGV[1])', password, salt])
  return stdout
}
