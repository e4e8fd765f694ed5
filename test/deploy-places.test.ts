import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import packageJson from '../package.json' with { type: 'json' }
import { parseFlags } from '../src/cli/command.ts'
import { listenFlags } from '../src/cli/listen-settings.ts'
import { syncFlags } from '../src/cli/sync.ts'
import { parseConfig } from '../src/config.ts'
import { readYaml } from './deploy-yaml.ts'

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')
const defaults = parseConfig({ upstreams: [{ registry: 'https://a.example' }] }, 'the test')
const serveFlags = { config: 'string', ...listenFlags } as const

test('the image is made of what the package has, with what the lock names', () => {
  const dockerfile = read('deploy/Dockerfile')
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((line) =>
    line[1]!.split(' '),
  )
  // The readme is no part of what runs.
  const packed = packageJson.files
    .flatMap((each) => (each === 'data/*.bin' ? ['data/ranges.bin'] : each))
    .flatMap((each) => (each === 'data/*.json' ? ['data/regions.json', 'data/prices.json'] : each))
    .filter((each) => each !== 'nearport.schema.json')
  expect(new Set(copied)).toEqual(new Set(['package.json', 'package-lock.json', ...packed]))
  const sent = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map((line) => line[1])
  for (const each of copied) expect(sent).toContain(each.split('/')[0])
  expect(dockerfile).toContain(`ARG NODE=node:${packageJson.devDependencies.node}-`)
})

test('the image runs the package’s program as nobody, and asks the admin port for its health', () => {
  const dockerfile = read('deploy/Dockerfile')
  const entry = /^ENTRYPOINT \["node", "\/nearport\/(.+)"\]$/m.exec(dockerfile)![1]
  expect(packageJson.bin.nearport).toBe(entry)
  const command = JSON.parse(/^CMD (\[.+\])$/m.exec(dockerfile)![1]!) as readonly string[]
  expect(command).toEqual(['serve'])
  expect(/^USER (\d+):/m.exec(dockerfile)![1]).toBe('65532')
  const { port, adminPort } = defaults
  expect(dockerfile).toContain(`\nEXPOSE ${port} ${adminPort}\n`)
  expect(dockerfile).toContain(`127.0.0.1:\${process.env.ADMIN_PORT ?? ${adminPort}}/livez`)
})

test.for([
  ['nearport.service', 'serve', serveFlags],
  ['nearport-sync.service', 'sync', syncFlags],
] as const)('%s runs nearport %s with flags that it knows', ([file, name, kinds]) => {
  const unit = readUnit(`deploy/systemd/${file}`)
  const [program, command, ...args] = only(unit, 'ExecStart').split(' ')
  expect([program, command]).toEqual(['/usr/local/bin/nearport', name])
  const { flags, rest } = parseFlags(args, kinds)
  expect([flags.config, rest]).toEqual(['/etc/nearport/nearport.json', []])
})

test('units have the time that a drain takes, give up where trying again is in vain, and share a user', () => {
  const serve = readUnit('deploy/systemd/nearport.service')
  expect(Number(only(serve, 'TimeoutStopSec'))).toBeGreaterThan(defaults.drainSeconds + 30)
  expect(only(serve, 'RestartPreventExitStatus')).toBe('2')
  const sync = readUnit('deploy/systemd/nearport-sync.service')
  for (const key of ['DynamicUser', 'User', 'StateDirectory', 'CapabilityBoundingSet']) {
    expect([key, only(sync, key)]).toEqual([key, only(serve, key)])
  }
  expect(only(readUnit('deploy/systemd/nearport-sync.timer'), 'OnCalendar')).toBe('hourly')
})

test('Cloud Run starts serve where its clients come in, with a configuration that it mounts', () => {
  const [service] = readYaml(read('deploy/cloud-run/service.yaml')) as unknown as readonly [
    CloudRunService,
  ]
  const { containers, volumes } = service.spec.template.spec
  const [{ args, ports, startupProbe, volumeMounts }] = containers
  const [command, ...rest] = args
  expect(command).toBe('serve')
  const { flags } = parseFlags(rest, serveFlags)
  expect(ports[0].containerPort).toBe(defaults.port)
  expect(startupProbe.httpGet).toEqual({ path: '/v2/', port: defaults.port })
  const [{ secret }] = volumes
  expect(flags.config).toBe(`${volumeMounts[0].mountPath}/${secret.items[0].path}`)
})

type CloudRunService = {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly [
          {
            readonly args: readonly string[]
            readonly ports: readonly [{ readonly containerPort: number }]
            readonly startupProbe: { readonly httpGet: object }
            readonly volumeMounts: readonly [{ readonly mountPath: string }]
          },
        ]
        readonly volumes: readonly [
          { readonly secret: { readonly items: readonly [{ readonly path: string }] } },
        ]
      }
    }
  }
}

/** The values of each key of a unit, in their order; throws where a line is neither. */
function readUnit(name: string): ReadonlyMap<string, readonly string[]> {
  const unit = new Map<string, string[]>()
  for (const line of read(name).split('\n')) {
    if (/^(?:#.*|\[\w+\]|)$/.test(line)) continue
    const [, key, value] = /^([A-Za-z]+)=(.*)$/.exec(line)!
    unit.set(key!, [...(unit.get(key!) ?? []), value!])
  }
  return unit
}

function only(unit: ReadonlyMap<string, readonly string[]>, key: string): string {
  const values = unit.get(key) ?? []
  if (values.length !== 1) throw new Error(`wanted ${key} once, got ${values.join(', ')}`)
  return values[0]!
}
