import type { PullRoute } from './client-config-address.ts'
import { dockerHub, isOwnName, nearportUrl, parseRoute } from './client-config-address.ts'
import { bottlerocketFile } from './client-config-bottlerocket.ts'
import { containerdFile } from './client-config-containerd.ts'
import { dockerFile } from './client-config-docker.ts'
import type { ClientFile } from './client-config-file.ts'
import { k3sFile } from './client-config-k3s.ts'
import type { AmiFamily } from './client-config-karpenter.ts'
import { amiFamilies, karpenterFile, parseAmiFamily } from './client-config-karpenter.ts'
import { crioFile, podmanFile } from './client-config-registries.ts'
import type { Command } from './command.ts'
import { parseFlags, UsageError } from './command.ts'
import { printable } from './printable.ts'

const clients: Readonly<Record<string, (route: PullRoute, family: AmiFamily) => ClientFile>> = {
  containerd: containerdFile,
  'cri-o': crioFile,
  docker: dockerFile,
  podman: podmanFile,
  bottlerocket: bottlerocketFile,
  k3s: k3sFile,
  karpenter: karpenterFile,
}

const names = Object.keys(clients)

const help = `nearport client-config --for ${names.join('|')}
                       --registry HOST[:PORT] [--mirror-of HOST[:PORT]] [--http] [--ami-family FAMILY] [--json]

Prints the file that a node wants so that its pulls go through nearport, on standard output; on standard error where
the file goes, what has to be restarted, and what the client does when nearport is away. It writes nothing.

  --for CLIENT            who pulls there; podman's file is also buildah's and skopeo's
  --registry HOST[:PORT]  nearport's own address, as clients reach it
  --mirror-of HOST[:PORT] the registry whose images are to come through nearport, as image names begin with it:
                          registry.example.org, or ${dockerHub}; repositories must have the same names in both;
                          default: images are named after nearport itself
  --http                  nearport speaks plain HTTP there
  --ami-family FAMILY     for karpenter: ${amiFamilies.join(' or ')}; default: AL2023
  --json                  all of it as JSON on standard output

  nearport client-config --for containerd --registry pull.example.org --mirror-of registry.example.org >hosts.toml

Exit code: 0 it is printed, 2 used wrongly.
`

/** `nearport client-config`: see its help. */
export const clientConfig: Command = {
  help,
  async run(args, terminal) {
    const { flags, rest } = parseFlags(args, {
      for: 'string',
      registry: 'string',
      'mirror-of': 'string',
      http: 'boolean',
      'ami-family': 'string',
      json: 'boolean',
    })
    if (rest.length > 0) {
      throw new UsageError(`client-config takes no argument, and got ${printable(rest.join(' '))}`)
    }
    const client = flags.for ?? ''
    const write = Object.hasOwn(clients, client) ? clients[client] : undefined
    if (write === undefined) {
      const got = printable(client) || 'none'
      throw new UsageError(`--for wants one of ${names.join(', ')}, and got ${got}`)
    }
    if (flags['ami-family'] !== undefined && client !== 'karpenter') {
      throw new UsageError(`--ami-family is for karpenter alone, and came with ${client}`)
    }
    const route = parseRoute(flags)
    const file = write(route, parseAmiFamily(flags['ami-family']))

    if (flags.json === true) {
      const mirrorOf = isOwnName(route) ? null : route.registry
      const asked = { for: client, nearport: nearportUrl(route), mirrorOf }
      terminal.out(`${JSON.stringify({ ...asked, ...file })}\n`)
      return 0
    }
    // Aside, so that the output can be piped into the file.
    terminal.err(advice(file))
    terminal.out(file.content)
    return 0
  },
}

function advice({ path, restart, fallback, notes }: ClientFile): string {
  const lines = [
    `goes to: ${path}`,
    `restart: ${restart}`,
    `without nearport: ${fallback}`,
    ...notes.map((note) => `note: ${note}`),
  ]
  return `${lines.join('\n')}\n`
}
