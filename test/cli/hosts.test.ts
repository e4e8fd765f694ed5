import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { createTerminal } from './terminal.ts'

let config: string
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nearport-hosts-'))
  afterAll(() => rm(folder, { recursive: true }))
  config = join(folder, 'nearport.json')
  await writeFile(
    config,
    JSON.stringify({
      upstreams: [{ profile: 'docker-hub' }],
      mirrors: [
        { id: 'aws/eu-west-1', bucket: 'images', since: '2026-11-26' },
        { id: 'aws/cn-north-1', bucket: 'china', keyTemplate: 'b/{hex}' },
        { id: 'r2/global', bucket: 'all', endpoint: 'https://r2.example' },
      ],
    }),
  )
})

test('every host that clients may be sent to is a line, with its day', async () => {
  expect((await run()).split('\n')).toEqual([
    'images.s3.dualstack.eu-west-1.amazonaws.com\tmirror aws/eu-west-1\t2026-11-26',
    'china.s3.dualstack.cn-north-1.amazonaws.com.cn\tmirror aws/cn-north-1\t-',
    'all.r2.example\tmirror r2/global\t-',
    'production.cloudflare.docker.com\tblobs of registry-1.docker.io\t-',
    'production.cloudfront.docker.com\tblobs of registry-1.docker.io\t-',
    '*.r2.cloudflarestorage.com\tblobs of registry-1.docker.io\t-',
    '',
  ])
  const { hosts } = JSON.parse(await run('--json')) as { hosts: readonly object[] }
  expect(hosts[0]).toEqual({
    host: 'images.s3.dualstack.eu-west-1.amazonaws.com',
    what: ['mirror aws/eu-west-1'],
    since: '2026-11-26',
  })
})

test.for<[string, string]>([
  ['eu-west-1', 'arn:aws:s3:::images/containers/images/sha256:*'],
  ['cn-north-1', 'arn:aws-cn:s3:::china/b/*'],
])('the policy of an endpoint in %s names what is there alone', async ([region, resource]) => {
  expect(JSON.parse(await run('--vpc-endpoint-policy', region))).toEqual({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'NearportMirrors',
        Effect: 'Allow',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: [resource],
      },
    ],
  })
})

test('a region without a mirror has no policy', async () => {
  const terminal = createTerminal()
  const args = ['hosts', '--config', config, '--vpc-endpoint-policy', 'eu-west-2']
  expect(await main(args, terminal)).toBe(2)
  expect(terminal.written.err).toContain(
    'wants a region with a mirror at AWS (eu-west-1, cn-north-1)',
  )
})

async function run(...args: readonly string[]): Promise<string> {
  const terminal = createTerminal()
  expect(await main(['hosts', '--config', config, ...args], terminal)).toBe(0)
  return terminal.written.out
}
