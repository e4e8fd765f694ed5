import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseFlags } from '../src/cli/command.ts'
import { listenFlags } from '../src/cli/listen-settings.ts'
import { parseShard } from '../src/cli/sync-shard.ts'
import { syncFlags } from '../src/cli/sync.ts'
import { parseConfig } from '../src/config.ts'
import type { Yaml } from './deploy-yaml.ts'
import { readYaml } from './deploy-yaml.ts'

const folder = new URL('../deploy/kubernetes/', import.meta.url)
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8')
const overlay = 'overlays/example'
const manifestsOf = (...folders: readonly string[]) =>
  folders.flatMap((from) => {
    const names = readdirSync(new URL(from, folder)).filter((name) => name.endsWith('.yaml'))
    return names.flatMap((name) => readYaml(read(`${from}/${name}`)))
  })
const manifests = manifestsOf('base', 'monitoring')

const kind = (name: string, named?: string) =>
  manifests.find(
    (each) =>
      at(each, 'kind') === name && (named === undefined || at(each, 'metadata', 'name') === named),
  )!
const cronJob = kind('CronJob')
const job = at(cronJob, 'spec', 'jobTemplate', 'spec')
const syncPod = at(job, 'template', 'spec')
const servePod = at(kind('Deployment'), 'spec', 'template', 'spec')
const containerOf = (pod: Yaml) => at(pod, 'containers', 0)
const argsOf = (pod: Yaml) => at(containerOf(pod), 'args') as readonly string[]

/** What is at a path; throws where nothing is. */
function at(from: Yaml, ...path: readonly (string | number)[]): Yaml {
  return path.reduce<Yaml>((value, key) => {
    const inner = (value as Record<string | number, Yaml>)[key]
    if (inner === undefined) throw new Error(`wanted ${path.join('.')}, and there is no ${key}`)
    return inner
  }, from)
}

test('sync is given flags that it knows, and shards as many as there are pods', () => {
  const [command, ...args] = argsOf(syncPod)
  expect(command).toBe('sync')
  const { flags, rest } = parseFlags(args, syncFlags)
  expect(rest).toEqual([])
  const count = at(job, 'completions') as number
  expect(at(job, 'parallelism')).toBe(count)
  for (let index = 0; index < count; index++) {
    const given = (text: string) => text.replace('$(JOB_COMPLETION_INDEX)', `${index}`)
    const shard = parseShard(given(flags.shard!), flags.run!.replace('$(RUN)', 'a-uid'))
    expect(shard).toEqual({ index, of: count, run: 'a-uid' })
  }
})

test('the run that shards share is named after their Job', () => {
  expect(at(containerOf(syncPod), 'env')).toEqual([
    {
      name: 'RUN',
      valueFrom: {
        fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/controller-uid']" },
      },
    },
  ])
})

test('sync is an indexed job, one at a time, and a disruption is no failure', () => {
  expect(at(cronJob, 'spec', 'concurrencyPolicy')).toBe('Forbid')
  expect(job).toMatchObject({ completionMode: 'Indexed', backoffLimitPerIndex: 2 })
  expect(at(syncPod, 'restartPolicy')).toBe('Never')
  const rules = at(job, 'podFailurePolicy', 'rules')
  expect(at(rules, 0)).toEqual({
    action: 'Ignore',
    onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }],
  })
  const containerName = at(containerOf(syncPod), 'name')
  expect(at(rules, 1)).toEqual({
    action: 'FailIndex',
    onExitCodes: { containerName, operator: 'In', values: [2] },
  })
})

test('serve is given flags that it knows, and is probed where it listens', () => {
  const [command, ...args] = argsOf(servePod)
  expect(command).toBe('serve')
  const { flags, rest } = parseFlags(args, { config: 'string', ...listenFlags })
  expect([rest, flags['admin-host']]).toEqual([[], '0.0.0.0'])
  const { port, adminPort } = exampleConfig()
  expect(at(containerOf(servePod), 'ports')).toEqual([
    { name: 'http', containerPort: port },
    { name: 'admin', containerPort: adminPort },
  ])
  for (const [probe, path] of Object.entries({
    startupProbe: '/livez',
    livenessProbe: '/livez',
    readinessProbe: '/readyz',
  })) {
    expect(at(containerOf(servePod), probe, 'httpGet')).toEqual({ path, port: 'admin' })
  }
})

test('a pod has the time that a drain takes', () => {
  const { drainSeconds } = exampleConfig()
  // And 30 s for requests that are under way, as runtime/node.ts has it.
  const graceSeconds = at(servePod, 'terminationGracePeriodSeconds') as number
  expect(graceSeconds).toBeGreaterThan(drainSeconds + 30)
})

test('the Service finds the pods, and has the clients’ port alone', () => {
  const labels = at(kind('Deployment'), 'spec', 'template', 'metadata', 'labels')
  const service = kind('Service', 'nearport')
  expect(at(service, 'spec', 'selector')).toEqual(labels)
  expect(at(kind('Deployment'), 'spec', 'selector', 'matchLabels')).toEqual(labels)
  expect(at(service, 'spec', 'ports')).toEqual([{ name: 'http', port: 80, targetPort: 'http' }])
})

test.for([
  ['sync', syncPod],
  ['serve', servePod],
] as const)('%s runs as nobody, writes nothing, and reads the example', ([, pod]) => {
  expect(at(pod, 'securityContext')).toMatchObject({ runAsNonRoot: true, runAsUser: 65_532 })
  expect(at(containerOf(pod), 'securityContext')).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
  expect(at(containerOf(pod), 'resources')).toHaveProperty('limits.memory')
  const [folderInPod, volume] = ['/etc/nearport', 'config']
  expect(at(containerOf(pod), 'volumeMounts')).toEqual([
    { name: volume, mountPath: folderInPod, readOnly: true },
  ])
  expect(at(pod, 'volumes')).toEqual([
    { name: volume, configMap: { name: at(generated('base'), 'name') } },
  ])
  const args = argsOf(pod)
  const name = args[args.indexOf('--config') + 1]!.replace(`${folderInPod}/`, '')
  expect(at(generated('base'), 'files')).toEqual([name])
})

const kustomization = (from: string) => readYaml(read(`${from}/kustomization.yaml`))[0]!
const generated = (from: string) => at(kustomization(from), 'configMapGenerator', 0)

test.for<[string, readonly string[]]>([
  ['base', ['aws/us-east-1', 'aws/eu-west-1']],
  [overlay, ['aws/us-east-1', 'aws/eu-west-1', 'aws/ap-northeast-1']],
])('the example in %s is a configuration', ([from, ids]) => {
  expect(exampleConfig(from).mirrors.map(({ id }) => id)).toEqual(ids)
})

function exampleConfig(from = 'base') {
  return parseConfig(JSON.parse(read(`${from}/nearport.json`)), `${from}/nearport.json`)
}

test('every manifest is in a kustomization, and every file that one names is there', () => {
  for (const from of ['base', 'monitoring', overlay]) {
    const { resources = [], patches = [] } = kustomization(from) as {
      readonly resources?: readonly string[]
      readonly patches?: readonly { readonly path: string }[]
    }
    const named = [...resources, ...patches.map(({ path }) => path)]
    for (const name of named) {
      expect([name, existsSync(new URL(`${from}/${name}`, folder))]).toEqual([name, true])
    }
    const there = readdirSync(new URL(from, folder)).filter((name) => name.endsWith('.yaml'))
    expect(named.filter((name) => name.endsWith('.yaml')).toSorted()).toEqual(
      there.filter((name) => name !== 'kustomization.yaml').toSorted(),
    )
  }
})

test('the overlay changes what the base has: the image, the configuration, the account', () => {
  const images = at(kustomization(overlay), 'images') as readonly Yaml[]
  expect(images.map((each) => at(each, 'name'))).toEqual([at(containerOf(servePod), 'image')])
  expect(at(containerOf(syncPod), 'image')).toBe(at(containerOf(servePod), 'image'))
  expect(at(generated(overlay), 'name')).toBe(at(generated('base'), 'name'))
  expect(at(generated(overlay), 'files')).toEqual(at(generated('base'), 'files'))
  const [account] = readYaml(read(`${overlay}/identity.yaml`))
  const name = at(account!, 'metadata', 'name')
  expect(at(account!, 'kind')).toBe('ServiceAccount')
  expect(kind('ServiceAccount', name as string)).toBeDefined()
  expect(at(syncPod, 'serviceAccountName')).toBe(name)
})

test('the namespace takes the pods: it is restricted, and so are they', () => {
  const [namespace] = readYaml(read(`${overlay}/namespace.yaml`))
  expect(at(namespace!, 'metadata', 'name')).toBe(at(kustomization(overlay), 'namespace'))
  expect(at(namespace!, 'metadata', 'labels', 'pod-security.kubernetes.io/enforce')).toBe(
    'restricted',
  )
  for (const pod of [syncPod, servePod]) {
    expect(at(pod, 'securityContext', 'seccompProfile', 'type')).toBe('RuntimeDefault')
  }
})

test('a zone, a node or a busy hour takes a part of the pods alone', () => {
  const labels = at(kind('Deployment'), 'spec', 'selector', 'matchLabels')
  const spread = at(servePod, 'topologySpreadConstraints') as readonly Yaml[]
  expect(spread.map((each) => at(each, 'topologyKey'))).toEqual([
    'topology.kubernetes.io/zone',
    'kubernetes.io/hostname',
  ])
  for (const each of spread) expect(at(each, 'labelSelector', 'matchLabels')).toEqual(labels)
  expect(at(kind('PodDisruptionBudget'), 'spec')).toEqual({
    maxUnavailable: 1,
    selector: { matchLabels: labels },
  })
  const scaler = at(kind('HorizontalPodAutoscaler'), 'spec')
  expect(at(scaler, 'scaleTargetRef')).toEqual({
    apiVersion: at(kind('Deployment'), 'apiVersion'),
    kind: 'Deployment',
    name: at(kind('Deployment'), 'metadata', 'name'),
  })
  // A share of what a pod asks for: it has to ask.
  expect(at(containerOf(servePod), 'resources')).toHaveProperty('requests.cpu')
  expect(at(kind('Deployment'), 'spec')).not.toHaveProperty('replicas')
})

test('Prometheus finds the admin port, and the network lets it alone in there', () => {
  const admin = kind('Service', 'nearport-admin')
  expect(at(admin, 'spec', 'selector')).toEqual(
    at(kind('Deployment'), 'spec', 'selector', 'matchLabels'),
  )
  expect(at(admin, 'spec', 'ports')).toEqual([
    { name: 'admin', port: exampleConfig().adminPort, targetPort: 'admin' },
  ])
  const monitor = at(kind('ServiceMonitor'), 'spec')
  expect(at(monitor, 'selector', 'matchLabels')).toEqual(at(admin, 'metadata', 'labels'))
  expect(at(monitor, 'endpoints', 0)).toMatchObject({ port: 'admin', path: '/metrics' })

  const policy = at(kind('NetworkPolicy', 'nearport'), 'spec')
  const pods = at(kind('Deployment'), 'spec', 'selector', 'matchLabels')
  expect(at(policy, 'podSelector', 'matchLabels')).toEqual(pods)
  expect(at(policy, 'ingress', 0)).toEqual({ ports: [{ protocol: 'TCP', port: 'http' }] })
  expect(at(policy, 'ingress', 1, 'ports')).toEqual([{ protocol: 'TCP', port: 'admin' }])
  expect(at(policy, 'ingress', 1)).toHaveProperty('from')
  const syncPolicy = at(kind('NetworkPolicy', 'nearport-sync'), 'spec')
  expect(at(syncPolicy, 'podSelector', 'matchLabels')).toEqual(
    at(job, 'template', 'metadata', 'labels'),
  )
  expect(syncPolicy).not.toHaveProperty('ingress')
})

test.for<[string, string]>([
  ['a comment after a value', 'a: b # c'],
  ['an anchor', 'a: &b c'],
  ['a flow map', 'a: { b: c }'],
  ['a truth of old', 'a: yes'],
  ['a key that is there twice', 'a: b\na: c'],
  ['a value that is not there', 'a:\nb: c'],
  ['what is indented oddly', 'a:\n    b: c\n  d: e'],
])('the reader of these tests refuses %s', ([, text]) => {
  expect(() => readYaml(text)).toThrow(/wanted/)
})
