import { expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { createTerminal } from './terminal.ts'

const near = ['--registry', 'pull.example.org'] as const
const plain = ['--registry', 'nearport:8080', '--http'] as const
const example = ['--mirror-of', 'registry.example.org'] as const
const ported = ['--mirror-of', 'registry.example.org:5000'] as const
const hub = ['--mirror-of', 'docker.io'] as const

const needless =
  'note: no file is needed to pull pull.example.org/… over HTTPS; ' +
  "--mirror-of sends another registry's pulls there"

type Row = readonly [
  what: string,
  client: string,
  args: readonly string[],
  path: string,
  content: string,
]
const rows: readonly Row[] = [
  [
    'nearport first, then the registry',
    'containerd',
    [...near, ...example],
    '/etc/containerd/certs.d/registry.example.org/hosts.toml',
    `server = "https://registry.example.org"

[host."https://pull.example.org"]
capabilities = ["pull", "resolve"]
dial_timeout = "5s"
`,
  ],
  [
    'Docker Hub by the host that it answers on, and nearport over plain HTTP',
    'containerd',
    [...plain, ...hub],
    '/etc/containerd/certs.d/docker.io/hosts.toml',
    `server = "https://registry-1.docker.io"

[host."http://nearport:8080"]
capabilities = ["pull", "resolve"]
dial_timeout = "5s"
`,
  ],
  [
    'a folder with a port in its name, as the images have it',
    'containerd',
    [...near, ...ported],
    '/etc/containerd/certs.d/registry.example.org:5000/hosts.toml',
    `server = "https://registry.example.org:5000"

[host."https://pull.example.org"]
capabilities = ["pull", "resolve"]
dial_timeout = "5s"
`,
  ],
  [
    'nearport as host and server, where images are named after it: a file needs a host',
    'containerd',
    plain,
    '/etc/containerd/certs.d/nearport:8080/hosts.toml',
    `server = "http://nearport:8080"

[host."http://nearport:8080"]
capabilities = ["pull", "resolve"]
dial_timeout = "5s"
`,
  ],
  [
    'nearport as a mirror',
    'podman',
    [...near, ...example],
    '/etc/containers/registries.conf.d/nearport-registry.example.org.conf',
    `[[registry]]
prefix = "registry.example.org"
location = "registry.example.org"

[[registry.mirror]]
location = "pull.example.org"
`,
  ],
  [
    'a mirror over plain HTTP, and the registry still over HTTPS',
    'podman',
    [...plain, ...ported],
    '/etc/containers/registries.conf.d/nearport-registry.example.org_5000.conf',
    `[[registry]]
prefix = "registry.example.org:5000"
location = "registry.example.org:5000"

[[registry.mirror]]
location = "nearport:8080"
insecure = true
`,
  ],
  [
    'nearport by its own name, over plain HTTP',
    'podman',
    plain,
    '/etc/containers/registries.conf.d/nearport-nearport_8080.conf',
    `[[registry]]
location = "nearport:8080"
insecure = true
`,
  ],
  [
    'the same files as podman',
    'cri-o',
    [...near, ...hub],
    '/etc/containers/registries.conf.d/nearport-docker.io.conf',
    `[[registry]]
prefix = "docker.io"
location = "docker.io"

[[registry.mirror]]
location = "pull.example.org"
`,
  ],
  [
    'a mirror of Docker Hub',
    'docker',
    [...near, ...hub],
    '/etc/docker/daemon.json',
    `{
  "registry-mirrors": [
    "https://pull.example.org"
  ]
}
`,
  ],
  [
    'a mirror of Docker Hub over plain HTTP',
    'docker',
    [...plain, ...hub],
    '/etc/docker/daemon.json',
    `{
  "registry-mirrors": [
    "http://nearport:8080"
  ],
  "insecure-registries": [
    "nearport:8080"
  ]
}
`,
  ],
  [
    'nearport by its own name, over plain HTTP',
    'docker',
    plain,
    '/etc/docker/daemon.json',
    `{
  "insecure-registries": [
    "nearport:8080"
  ]
}
`,
  ],
  [
    'the file of the containerd image store for any registry but Docker Hub',
    'docker',
    [...near, ...ported],
    '/etc/docker/certs.d/registry.example.org:5000/hosts.toml',
    `server = "https://registry.example.org:5000"

[host."https://pull.example.org"]
capabilities = ["pull", "resolve"]
dial_timeout = "5s"
`,
  ],
  [
    'a mirror in the settings',
    'bottlerocket',
    [...plain, ...example],
    'the user data of the instance; on a node that runs: apiclient apply <FILE',
    `[[settings.container-registry.mirrors]]
registry = "registry.example.org"
endpoint = ["http://nearport:8080"]
`,
  ],
  [
    'a mirror, its name in quotes',
    'k3s',
    [...near, ...ported],
    '/etc/rancher/k3s/registries.yaml (RKE2: /etc/rancher/rke2/registries.yaml)',
    `mirrors:
  "registry.example.org:5000":
    endpoint:
      - "https://pull.example.org"
`,
  ],
  [
    'a script for AL2023 that writes hosts.toml, as a MIME archive in YAML',
    'karpenter',
    [...near, ...example],
    'an EC2NodeClass: kubectl patch ec2nodeclass NAME --type merge --patch-file FILE',
    `spec:
  userData: |
    MIME-Version: 1.0
    Content-Type: multipart/mixed; boundary="nearport"

    --nearport
    Content-Type: text/x-shellscript; charset="us-ascii"

    #!/bin/sh
    set -eu
    mkdir -p "/etc/containerd/certs.d/registry.example.org"
    cat >"/etc/containerd/certs.d/registry.example.org/hosts.toml" <<'END'
    server = "https://registry.example.org"

    [host."https://pull.example.org"]
    capabilities = ["pull", "resolve"]
    dial_timeout = "5s"
    END

    --nearport--
`,
  ],
  [
    'Bottlerocket’s settings, in whatever case the family is written',
    'karpenter',
    [...near, ...hub, '--ami-family', 'bottlerocket'],
    'an EC2NodeClass: kubectl patch ec2nodeclass NAME --type merge --patch-file FILE',
    `spec:
  userData: |
    [[settings.container-registry.mirrors]]
    registry = "docker.io"
    endpoint = ["https://pull.example.org"]
`,
  ],
]

test.for(rows.map((row) => [row[1], row[0], row] as const))(
  '%s gets %s',
  async ([, , [, client, args, path, content]]) => {
    const terminal = createTerminal()
    expect(await main(['client-config', '--for', client, ...args], terminal)).toBe(0)
    expect(terminal.written.out).toBe(content)
    expect(terminal.written.err.split('\n')[0]).toBe(`goes to: ${path}`)
    expect(terminal.written.err).toMatch(/\nrestart: \S.*\nwithout nearport: \S/)
  },
)

test.for<[string, string, readonly string[], string]>([
  ['containerd needs no restart', 'containerd', example, 'restart: nothing, where config.toml has'],
  ['containerd falls back', 'containerd', hub, 'without nearport: https://registry-1.docker.io,'],
  ['CRI-O is told to read anew', 'cri-o', example, 'restart: systemctl reload crio'],
  ['podman falls back', 'podman', example, 'without nearport: registry.example.org, chosen by'],
  [
    'Docker mirrors one registry',
    'docker',
    hub,
    'registry-mirrors is for images of docker.io alone',
  ],
  ['Docker’s image store matters', 'docker', example, 'engines with the containerd image store'],
  ['Docker on ECS is as limited', 'bottlerocket', example, 'have mirrors of docker.io alone'],
  ['K3s is restarted', 'k3s', example, 'restart: systemctl restart k3s'],
  ['K3s may be told not to fall back', 'k3s', example, '--disable-default-registry-endpoint'],
  ['userData is replaced', 'karpenter', example, 'it takes the place of the userData'],
  ['there is another family', 'karpenter', example, 'AL2023: --ami-family has Bottlerocket too'],
  ['a file without need', 'containerd', [], needless],
  ['a file without need for podman', 'podman', [], needless],
  ['an empty file for Docker', 'docker', [], needless],
  ['its own name has no fallback on Bottlerocket', 'bottlerocket', [], 'without nearport: none'],
  ['its own name has no fallback', 'k3s', [], 'without nearport: none: images are named after'],
])('it says aside: %s', async ([, client, args, text]) => {
  const terminal = createTerminal()
  expect(await main(['client-config', '--for', client, ...near, ...args], terminal)).toBe(0)
  expect(terminal.written.err).toContain(text)
  expect(terminal.written.out).not.toContain(text)
})

test('as JSON it is one object on standard output, and nothing aside', async () => {
  const terminal = createTerminal()
  const args = ['client-config', '--for', 'cri-o', ...plain, ...example, '--json']
  expect(await main(args, terminal)).toBe(0)
  expect(terminal.written.err).toBe('')
  expect(JSON.parse(terminal.written.out)).toEqual({
    for: 'cri-o',
    nearport: 'http://nearport:8080',
    mirrorOf: 'registry.example.org',
    path: '/etc/containers/registries.conf.d/nearport-registry.example.org.conf',
    content: expect.stringMatching(/^\[\[registry\]\]\n[^]*insecure = true\n$/),
    restart: expect.stringContaining('crio'),
    fallback: expect.stringContaining('registry.example.org'),
    notes: [expect.stringContaining('[[registry]]')],
  })
})

test('as JSON, images named after nearport mirror nothing', async () => {
  const terminal = createTerminal()
  expect(await main(['client-config', '--for', 'docker', ...near, '--json'], terminal)).toBe(0)
  const { mirrorOf, content } = JSON.parse(terminal.written.out) as Record<string, unknown>
  expect({ mirrorOf, content }).toEqual({ mirrorOf: null, content: '{}\n' })
})

const address = 'wants HOST or HOST:PORT as image names begin with it, with no scheme and no path'

test.for<[string, readonly string[], string]>([
  ['no client', [...near], '--for wants one of containerd, cri-o, docker, podman, bottlerocket'],
  ['an unknown client', ['--for', 'rkt', ...near], 'k3s, karpenter, and got rkt'],
  ['a word of JavaScript', ['--for', 'toString', ...near], 'and got toString'],
  ['an argument', ['--for', 'podman', 'now'], 'client-config takes no argument, and got now'],
  ['no address', ['--for', 'podman', ...example], `--registry ${address}, and got none`],
  ...[
    'https://pull.example.org',
    'pull.example.org/team',
    'nearport',
    'pull.example.org:0',
    'pull.example.org:65536',
    'pull.example.org:',
    '-pull.example.org',
    'pull..example.org',
    '[2001:db8::1]:8080',
    'pull.example.org"]',
    `${'a'.repeat(250)}.example`,
  ].map((text): [string, readonly string[], string] => [
    `the address ${text.slice(0, 30)}`,
    ['--for', 'k3s', `--registry=${text}`],
    `--registry ${address}, and got ${text}`,
  ]),
  [
    'a registry to mirror with a path',
    ['--for', 'k3s', ...near, '--mirror-of', 'ghcr.io/team'],
    `--mirror-of ${address}, and got ghcr.io/team`,
  ],
  [
    'an address that would move the cursor',
    ['--for', 'k3s', '--registry', '\u001b[2J'],
    'and got ?[2J',
  ],
  [
    'Docker Hub as nearport’s own address',
    ['--for', 'docker', '--registry', 'docker.io'],
    "--registry wants nearport's own address, and got Docker Hub's: wanted --mirror-of docker.io",
  ],
  [
    'Docker Hub by a host of its own',
    ['--for', 'docker', ...near, '--mirror-of', 'registry-1.docker.io'],
    '--mirror-of wants docker.io, as image names call Docker Hub, and got registry-1.docker.io',
  ],
  [
    'nearport as a mirror of itself',
    ['--for', 'docker', ...near, '--mirror-of', 'Pull.example.org'],
    "--mirror-of wants another registry than nearport's own address, and got Pull.example.org",
  ],
  [
    'a family for a client that has none',
    ['--for', 'k3s', ...near, '--ami-family', 'AL2023'],
    '--ami-family is for karpenter alone, and came with k3s',
  ],
  [
    'an unknown family',
    ['--for', 'karpenter', ...near, '--ami-family', 'AL2'],
    '--ami-family wants one of AL2023, Bottlerocket, and got AL2',
  ],
])('is used wrongly with %s', async ([, args, text]) => {
  const terminal = createTerminal()
  expect(await main(['client-config', ...args], terminal)).toBe(2)
  expect(terminal.written.err).toContain(text)
  expect(terminal.written.out).toBe('')
})

test.for(['localhost', 'localhost:5000', '192.0.2.7:5000', 'A-b.example', 'xn--bcher-kva.example'])(
  'takes %s as an address',
  async (name) => {
    const terminal = createTerminal()
    expect(await main(['client-config', '--for', 'k3s', '--registry', name], terminal)).toBe(0)
    expect(terminal.written.out).toContain(`"https://${name}"`)
  },
)
