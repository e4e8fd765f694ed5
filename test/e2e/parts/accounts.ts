import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client, Configured } from './clients/client.ts'
import { craneLogIn } from './clients/crane.ts'
import { dockerLogIn } from './clients/docker.ts'
import type { Host } from './netns.ts'
import { inNamespace } from './netns.ts'
import type { Parts } from './setup.ts'

export type Account = { readonly user: string; readonly password: string }

/** Flags with which a client takes a certificate that is nobody's. */
const anyCertificate: Readonly<Record<string, readonly string[]>> = {
  skopeo: ['--src-tls-verify=false'],
  podman: ['--tls-verify=false'],
  buildah: ['--tls-verify=false'],
  containerd: ['--skip-verify'],
  crane: ['--insecure'],
  // Its engine was told so as it started.
  docker: [],
}

/**
 * How a client pulls over HTTPS as an account, or as nobody: by the flag it has for that, else logged
 * in. Throws where a login is refused, by those that look.
 */
export async function pullingAs(
  { name }: Client,
  account: Account | undefined,
  {
    registry,
    host,
    parts,
  }: { readonly registry: string; readonly host: Host; readonly parts: Parts },
): Promise<Configured> {
  const flags = anyCertificate[name]!
  const folder = await mkdtemp(join(process.env['NEARPORT_E2E_SCRATCH'] ?? tmpdir(), `as-${name}-`))
  // podman wants the file to be there.
  await writeFile(join(folder, 'config.json'), '{}')
  const configured = (more: readonly string[]) => ({
    flags: [...flags, ...more],
    // Whoever runs the tests may be logged in somewhere.
    env: { DOCKER_CONFIG: folder, HOME: folder, XDG_RUNTIME_DIR: folder },
  })
  if (account === undefined) return configured([])
  const both = `${account.user}:${account.password}`
  switch (name) {
    case 'skopeo':
      return configured(['--src-creds', both])
    case 'podman':
    case 'buildah':
      return configured(['--creds', both])
    case 'containerd':
      return configured(['--user', both])
    case 'crane':
      await craneLogIn(folder, registry, account)
      return configured([])
    default:
      await dockerLogIn(parts.docker[host.name]!, folder, registry, account)
      return configured(['--config', folder])
  }
}

/** `podman login` and its like: each asks whether the account is right. */
export async function logIn(
  program: 'podman' | 'buildah' | 'skopeo',
  { user, password }: Account,
  { registry, host }: { readonly registry: string; readonly host: Host },
): Promise<void> {
  const folder = await mkdtemp(join(process.env['NEARPORT_E2E_SCRATCH'] ?? tmpdir(), 'login-'))
  const env = { HOME: folder, XDG_RUNTIME_DIR: folder }
  const as = ['-u', user, '-p', password, '--authfile', join(folder, 'auth.json')]
  await inNamespace(host.namespace, [program, 'login', '--tls-verify=false', ...as, registry], {
    env,
  })
}
