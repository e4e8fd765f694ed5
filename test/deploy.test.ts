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
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'))
const manifests = files.flatMap((name) => readYaml(read(name)))

const kind = (name: string) => manifests.find((each) => at(each, 'kind') === name)!
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
    onPodConditions: [{ type: 'DisruptionTarget' }],
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
  expect(at(kind('Service'), 'spec', 'selector')).toEqual(labels)
  expect(at(kind('Deployment'), 'spec', 'selector', 'matchLabels')).toEqual(labels)
  expect(at(kind('Service'), 'spec', 'ports')).toEqual([
    { name: 'http', port: 80, targetPort: 'http' },
  ])
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
    { name: volume, configMap: { name: at(kind('ConfigMap'), 'metadata', 'name') } },
  ])
  const args = argsOf(pod)
  const name = args[args.indexOf('--config') + 1]!.replace(`${folderInPod}/`, '')
  expect(Object.keys(at(kind('ConfigMap'), 'data'))).toEqual([name])
})

test('the example is a configuration', () => {
  expect(exampleConfig().mirrors.map(({ id }) => id)).toEqual(['aws/us-east-1', 'aws/eu-west-1'])
})

function exampleConfig() {
  const text = at(kind('ConfigMap'), 'data', 'nearport.json') as string
  return parseConfig(JSON.parse(text), 'config.yaml')
}

test('the image is made of what is there', () => {
  const dockerfile = read('Dockerfile')
  const copied = [...dockerfile.matchAll(/^COPY (.+) \S+$/gm)].flatMap((line) =>
    line[1]!.split(' '),
  )
  expect(copied).toEqual(['package.json', 'package-lock.json', 'data', 'src'])
  const started = /"(\/nearport\/.*)"\]$/m.exec(dockerfile)?.[1]
  for (const path of [...copied, started!.replace('/nearport/', '')]) {
    expect([path, existsSync(new URL(`../${path}`, import.meta.url))]).toEqual([path, true])
  }
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
