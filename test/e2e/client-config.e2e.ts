import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createClients } from './parts/clients.ts'
import type { Client, Configured } from './parts/clients/client.ts'
import { expectedContent } from './parts/clients/client.ts'
import { createDockerClient, dockerMissing, startDocker } from './parts/clients/docker.ts'
import { sortedOnce } from './parts/images.ts'
import type { Mirrors } from './parts/nearport.ts'
import { configureNearport, startMirrors } from './parts/nearport.ts'
import { hosts, service } from './parts/netns.ts'
import { blobsOf, readMirrorLog } from './parts/nginx.ts'
import type { Stoppable } from './parts/process.ts'
import { answers, run, startProcess } from './parts/process.ts'
import { blobsServed, readRegistryLog } from './parts/registry.ts'

// Clients that are configured by nothing but the file that `nearport client-config` prints. The
// registry that they mirror speaks HTTPS, behind an nginx: it sees them as 127.0.0.1, and whoever
// was redirected to it by nearport as themselves.
const parts = inject('parts')
const image = parts.images['multi']!
const host = hosts.awsEast
const names = service.names
const registry = `${names.v4}:5443`
const near = { http: `${names.both}:8080`, https: `${names.both}:8443` } as const
type Scheme = keyof typeof near

const folder = await mkdtemp(join(parts.scratch, 'client-config-'))
const certificate = join(folder, 'cert.pem')
const clients = createClients(parts).filter(({ name }) =>
  ['containerd', 'podman', 'buildah', 'skopeo'].includes(name),
)

let mirrors: Mirrors
let serving: Stoppable | undefined
const running: Stoppable[] = []
beforeAll(async () => {
  running.push(await startTls())
  mirrors = await startMirrors(parts, 'client-config', 8181)
  running.push(mirrors)
  const nearport = await configureNearport(parts, 'client-config', mirrors.faces)
  const { exitCode } = await nearport.sync()
  if (exitCode !== 0)
    throw new Error(`wanted mirrors that are filled, and sync ended with ${exitCode}`)
  serving = await nearport.serve()
})
afterAll(async () => {
  await serving?.stop()
  for (const part of running.toReversed()) await part.stop()
})

describe('with the printed file', () => {
  const schemes: readonly Scheme[] = ['http', 'https']
  test.for(
    clients.flatMap((client) => schemes.map((scheme) => [client.name, scheme, client] as const)),
  )('%s pulls the registry’s images through nearport over %s', async ([, scheme, client]) => {
    const configured = await configure(client, scheme, registry)
    const { pulled, seenBy, blobsFrom } = await follow(client, registry, configured)

    expect(pulled).toEqual(expectedContent(client, image))
    expect(seenBy).not.toContain('127.0.0.1')
    // Over HTTPS nearport sees the nginx before it, which is in no region.
    expect(blobsFrom[scheme === 'http' ? 'mirror' : 'upstream']).toEqual(pulled.blobs)
  })

  test.for(clients.map((client) => [client.name, client] as const))(
    '%s pulls Docker Hub’s images through nearport, with no Docker Hub to reach',
    async ([, client]) => {
      const configured = await configure(client, 'http', 'docker.io')
      const { pulled, blobsFrom } = await follow(client, 'docker.io', configured)
      expect(pulled).toEqual(expectedContent(client, image))
      expect(blobsFrom.mirror).toEqual(pulled.blobs)
    },
  )

  test.for(clients.map((client) => [client.name, client] as const))(
    '%s pulls images that are named after nearport, over plain HTTP',
    async ([, client]) => {
      const configured = await configure(client, 'http')
      const { pulled, blobsFrom } = await follow(client, near.http, configured)
      expect(pulled).toEqual(expectedContent(client, image))
      expect(blobsFrom.mirror).toEqual(pulled.blobs)
    },
  )

  test.skipIf(dockerMissing() !== undefined).for([
    ['Docker Hub', 'docker.io'],
    ['nearport', near.http],
  ])('Docker Engine pulls images that are named after %s', async ([, from]) => {
    const mirrored = from === 'docker.io' ? ['--mirror-of', from] : []
    const file = await print('docker', '--registry', near.http, '--http', ...mirrored)
    const { socket } = parts.containerd[host.name]!
    const directory = await mkdtemp(join(folder, 'docker-'))
    const engine = await startDocker(host, directory, socket, file.content)
    try {
      const client = createDockerClient({ [host.name]: engine })
      const { pulled, blobsFrom } = await follow(client, from!)
      expect(pulled).toEqual(expectedContent(client, image))
      expect(blobsFrom.mirror).toEqual(pulled.blobs)
    } finally {
      await engine.stop()
    }
  })
})

describe('with nearport stopped', () => {
  beforeAll(async () => {
    await serving?.stop()
  })

  test.for(clients.map((client) => [client.name, client] as const))(
    '%s pulls from the registry itself',
    async ([, client]) => {
      const configured = await configure(client, 'http', registry)
      const { pulled, seenBy, blobsFrom } = await follow(client, registry, configured)
      expect(pulled).toEqual(expectedContent(client, image))
      expect(seenBy).toEqual(new Set(['127.0.0.1']))
      expect(blobsFrom.upstream).toEqual(pulled.blobs)
    },
  )
})

describe('with a nearport that has no such repository', () => {
  beforeAll(async () => {
    const upstreams = [{ registry: parts.registry.url, repositories: 'other' }]
    const elsewhere = { upstreams }
    const nearport = await configureNearport(parts, 'other', mirrors.faces, elsewhere)
    serving = await nearport.serve()
  })

  test.for(clients.map((client) => [client.name, client] as const))(
    '%s pulls from the registry itself',
    async ([, client]) => {
      const configured = await configure(client, 'http', registry)
      const { pulled, seenBy } = await follow(client, registry, configured)
      expect(pulled).toEqual(expectedContent(client, image))
      expect(seenBy).toEqual(new Set(['127.0.0.1']))
    },
  )
})

// What no client here reads is read by a parser of its language: Python has those, and is there
// wherever Ceph and Swift are.
describe('the files of clients that are not here', () => {
  const asked = ['--registry', near.https, '--mirror-of', registry] as const
  const wanted = { registry, endpoint: [`https://${near.https}`] }

  test('Bottlerocket’s is TOML with one mirror', async () => {
    const { content } = await print('bottlerocket', ...asked)
    const script = 'import json,sys,tomllib; print(json.dumps(tomllib.load(sys.stdin.buffer)))'
    const settings = { 'container-registry': { mirrors: [wanted] } }
    expect(await python(script, content)).toEqual({ settings })
  })

  test('K3s’s is YAML with one mirror', async () => {
    const { content } = await print('k3s', ...asked)
    const script = 'import json,sys,yaml; print(json.dumps(yaml.safe_load(sys.stdin)))'
    const { endpoint } = wanted
    expect(await python(script, content)).toEqual({ mirrors: { [registry]: { endpoint } } })
  })

  test('Karpenter’s for Bottlerocket has Bottlerocket’s in it', async () => {
    const { content } = await print('karpenter', ...asked, '--ami-family', 'Bottlerocket')
    const script = 'import json,sys,yaml; print(json.dumps(yaml.safe_load(sys.stdin)))'
    const { content: userData } = await print('bottlerocket', ...asked)
    expect(await python(script, content)).toEqual({ spec: { userData } })
  })

  test('Karpenter’s for AL2023 has a script in it that writes containerd’s', async () => {
    const { content } = await print('karpenter', ...asked)
    const script = [
      'import email,json,sys,yaml',
      'mail = email.message_from_string(yaml.safe_load(sys.stdin)["spec"]["userData"])',
      'print(json.dumps([[part.get_content_type(), part.get_payload()] for part in mail.get_payload()]))',
    ].join('\n')
    const [[type, payload]] = (await python(script, content)) as [[string, string]]
    expect(type).toBe('text/x-shellscript')

    const file = await print('containerd', ...asked)
    const etc = await mkdtemp(join(folder, 'etc-'))
    const written = join(folder, 'user-data.sh')
    await writeFile(written, payload)
    // An /etc of its own, since that is where it writes.
    await run(['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /etc && sh "$1"', etc, written])
    expect(await readFile(join(etc, file.path.slice('/etc'.length)), 'utf8')).toBe(file.content)
  })
})

type Printed = { readonly path: string; readonly content: string }

async function print(client: string, ...args: readonly string[]): Promise<Printed> {
  const command = [process.execPath, 'src/cli/main.ts', 'client-config', '--for', client] as const
  const { stdout } = await run([...command, ...args, '--json'])
  return JSON.parse(stdout) as Printed
}

async function python(script: string, input: string): Promise<unknown> {
  const { stdout } = await run(['python3', '-c', script], { input })
  return JSON.parse(stdout)
}

/** Puts the printed file where the client finds it, under a root of its own. */
async function configure({ name }: Client, scheme: Scheme, mirrorOf?: string): Promise<Configured> {
  const plain = scheme === 'http' ? ['--http'] : []
  const mirrored = mirrorOf === undefined ? [] : ['--mirror-of', mirrorOf]
  const asked = ['--registry', near[scheme], ...plain, ...mirrored]
  const file = await print(name === 'containerd' ? 'containerd' : 'podman', ...asked)

  const home = await mkdtemp(join(folder, `${name}-`))
  // A user's own folder stands in for /etc/containers: containers-registries.conf.d(5).
  const place = join(
    home,
    name === 'containerd' ? file.path : file.path.replace('/etc/', '.config/'),
  )
  await mkdir(dirname(place), { recursive: true })
  await writeFile(place, file.content)
  const env = { SSL_CERT_FILE: certificate, HOME: home }
  const flags = name === 'containerd' ? ['--hosts-dir', join(home, 'etc/containerd/certs.d')] : []
  return { flags, env }
}

/** A pull, who the registry saw meanwhile, and where the blobs came from. */
async function follow(client: Client, from: string, configured?: Configured) {
  const mirror = mirrors.faces['aws/us-east-1']
  const [registryBefore, mirrorBefore] = [
    await readRegistryLog(parts.registry),
    await readMirrorLog(mirror),
  ]
  const pull = { registry: from, image, host }
  const { manifests, blobs } = await client.pull(
    configured === undefined ? pull : { ...pull, configured },
  )
  const atRegistry = (await readRegistryLog(parts.registry)).slice(registryBefore.length)
  const atMirror = (await readMirrorLog(mirror)).slice(mirrorBefore.length)
  return {
    pulled: { manifests, blobs },
    seenBy: new Set(atRegistry.map((request) => request.client)),
    blobsFrom: {
      upstream: sortedOnce(blobsServed(atRegistry) as never),
      mirror: sortedOnce(blobsOf(atMirror)),
    },
  }
}

/** HTTPS for the registry and for nearport, with one certificate for every name. */
async function startTls(): Promise<Stoppable> {
  const key = join(folder, 'key.pem')
  const subject = Object.values(names).map((name) => `DNS:${name}`)
  const extension = ['-addext', `subjectAltName=${subject.join(',')}`]
  const made = ['-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=nearport e2e']
  const out = ['-keyout', key, '-out', certificate]
  await run(['openssl', 'req', '-x509', ...made, ...extension, ...out])

  const server = (port: number, to: number) => `server {
    listen 0.0.0.0:${port} ssl;
    listen [::]:${port} ssl ipv6only=on;
    ssl_certificate ${certificate};
    ssl_certificate_key ${key};
    location / { proxy_pass http://127.0.0.1:${to}; proxy_set_header Host $http_host; }
  }`
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  const config = join(folder, 'nginx.conf')
  await writeFile(
    config,
    `daemon off;
user root;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events {}
http {
  ${temporary.join('\n  ')}
  access_log off;
  ${server(5443, 5000)}
  ${server(8443, 8080)}
}
`,
  )
  return startProcess({
    name: 'nginx-tls',
    command: ['nginx', '-p', folder, '-c', config, '-e', join(folder, 'error.log')],
    logs: folder,
    // Plain HTTP is answered too, with 400.
    ready: () => answers(`http://${names.v4}:5443/`),
  })
}
