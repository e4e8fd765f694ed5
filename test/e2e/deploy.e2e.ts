import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { wantedStatements, wantsTlsOnly } from '../../src/sync/mirrors/bucket-setup-policy.ts'
import { bucketsExample } from '../deploy-buckets-example.ts'
import { isInstalled } from './parts/missing.ts'
import { checkout } from './parts/package.ts'
import { run } from './parts/process.ts'

// What the tools themselves make of deploy/, where they are there: Debian 12 has neither of the first
// two. None of them reaches a cluster or a cloud.
const { scratch } = inject('parts')
const deploy = join(checkout, 'deploy')
const without = (program: string) => {
  if (isInstalled(program)) return false
  console.log(`deploy: no ${program} here, so what it makes of deploy/ is not seen`)
  return true
}

test.skipIf(without('kubectl'))('kustomize puts together what the overlay says', async () => {
  const overlay = join(deploy, 'kubernetes/overlays/example')
  const { stdout } = await run(['kubectl', 'kustomize', overlay])
  const kinds = [...stdout.matchAll(/^kind: (\w+)$/gm)].map((match) => match[1]!)
  expect(kinds.toSorted().join(' ')).toBe(
    'ConfigMap CronJob Deployment HorizontalPodAutoscaler Namespace NetworkPolicy NetworkPolicy ' +
      'PodDisruptionBudget Service Service ServiceAccount ServiceMonitor',
  )
  const images = [...stdout.matchAll(/^ +image: (.+)$/gm)].map((match) => match[1])
  expect(images).toEqual(['registry.example/nearport:0.1.0', 'registry.example/nearport:0.1.0'])
  // Both read the map that was made of the overlay's own file.
  const [made] = /^ {2}name: nearport-[a-z0-9]{10}$/m.exec(stdout)!
  const name = made.replace('  name: ', '')
  const mounted = [...stdout.matchAll(/configMap:\n +name: (.+)$/gm)].map((match) => match[1])
  expect(mounted).toEqual([name, name])
  expect(stdout).toContain('acme-images-ap-northeast-1')
  expect(stdout).toContain('eks.amazonaws.com/role-arn')
})

test.skipIf(without('terraform'))('Terraform makes the policies that nearport makes', async () => {
  await run(['terraform', 'fmt', '-check', join(deploy, 'terraform')])
  // Its resources want a provider, which cannot be had here; what they are given does not.
  const folder = join(scratch, 'terraform')
  await mkdir(folder)
  for (const file of ['variables.tf', 'mirrors.tf', 'policy.json.tftpl']) {
    await cp(join(deploy, 'terraform', file), join(folder, file))
  }
  for (const index of [{}, { directory: 'index' }]) {
    const json = { ...bucketsExample, index }
    await writeFile(join(folder, 'nearport.json'), JSON.stringify(json))
    const { stdout } = await run(['terraform', `-chdir=${folder}`, 'console'], {
      input: 'jsonencode({ mirrors = local.mirrors, policies = local.policies })\n',
      env: { CHECKPOINT_DISABLE: '1' },
    })
    const { mirrors, policies } = JSON.parse(JSON.parse(stdout) as string) as {
      readonly mirrors: Readonly<Record<string, object>>
      readonly policies: Readonly<Record<string, object>>
    }
    const config = parseConfig(json, 'the example')
    const atAws = config.mirrors.filter(({ store }) => !/r2|minio/.test(store.bucket))
    const isIndexThere = config.index.directory === undefined
    expect(policies).toEqual(
      Object.fromEntries(
        atAws.map((mirror) => {
          const options = { isIndexThere, isTlsOnly: wantsTlsOnly(mirror) }
          const Statement = wantedStatements(mirror, options)
          return [mirror.id, { Version: '2012-10-17', Statement }]
        }),
      ),
    )
    for (const { id, store, signer } of atAws) {
      const is = { bucket: store.bucket, region: store.signingRegion }
      expect(mirrors[id]).toMatchObject({ ...is, is_private: signer !== undefined })
    }
  }
})

test.skipIf(without('systemd-analyze'))(
  'systemd takes the units, and calls them safe',
  async () => {
    const folder = join(scratch, 'systemd')
    await mkdir(folder)
    for (const file of await readdir(join(deploy, 'systemd'))) {
      const text = await readFile(join(deploy, 'systemd', file), 'utf8')
      // It wants to see the program.
      await writeFile(join(folder, file), text.replace('/usr/local/bin/nearport', process.execPath))
    }
    const files = (await readdir(folder)).map((file) => join(folder, file))
    const { stdout, stderr } = await run(['systemd-analyze', 'verify', ...files])
    expect(stdout + stderr).toBe('')
    for (const file of files.filter((each) => each.endsWith('.service'))) {
      // An exposure of 2.0 or less, of 10.
      const limit = ['--offline=true', '--threshold=20']
      await run(['systemd-analyze', 'security', ...limit, file])
    }
  },
)
