import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { hosts, inNamespace, service } from './parts/netns.ts'
import type { Mirrors, Nearport } from './parts/nearport.ts'
import { configureNearport, startMirrors } from './parts/nearport.ts'
import type { Packed } from './parts/package.ts'
import { checkout, install, oldestNode, pack } from './parts/package.ts'
import type { CommandLine } from './parts/process.ts'
import { answers, run, startProcess } from './parts/process.ts'

// What `npm pack` packs, installed into an empty folder, and run there by the oldest Node that the
// package says it runs on and by the one of the checkout.
const parts = inject('parts')
const image = parts.images['app']!
const folder = join(parts.scratch, 'package')
const installed = join(folder, 'installed/node_modules')
const cli = join(installed, '.bin/nearport')
const oldest = join(folder, 'oldest/node_modules/.bin/node')
let packed: Packed
let mirrors: Mirrors
let nearport: Nearport
const env = {
  AWS_ACCESS_KEY_ID: parts.store.accessKeyId,
  AWS_SECRET_ACCESS_KEY: parts.store.secretAccessKey,
}

beforeAll(async () => {
  packed = await pack(folder)
  await install(dirname(installed), packed.tarball)
  await install(join(folder, 'oldest'), `node@${await oldestNode()}`)
  mirrors = await startMirrors(parts, 'package', 8151)
  nearport = await configureNearport(parts, 'package', mirrors.faces)
}, 600_000)
afterAll(() => mirrors?.stop())

const nodes: readonly [string, string][] = [
  ['the oldest Node', oldest],
  ['the checkout’s Node', process.execPath],
]

test('the tarball holds what runs, its types and its words, and nothing else', async () => {
  console.log(
    `package: ${packed.files.length} files, ${Math.round(packed.size / 1000)} KB packed, ` +
      `${Math.round(packed.unpackedSize / 1000)} KB unpacked`,
  )
  const wanted =
    /^(?:LICENSE|README\.md|package\.json|nearport\.schema\.json|bin\/nearport\.js|data\/(?:ranges\.bin|prices\.json|regions\.json)|dist\/[a-z\d/-]+\.(?:js|d\.ts)|dist\/cli\/bundle-licenses\.txt)$/
  expect(packed.files.map(({ path }) => path).filter((path) => !wanted.test(path))).toEqual([])
  expect(packed.files.find(({ path }) => path === 'bin/nearport.js')!.mode & 0o111).not.toBe(0)
  // A thread's file is named where it is started, and imported by nobody.
  const threads = await run(['grep', '-rl', 'parentPort', 'src'], { cwd: checkout })
  for (const [, file] of threads.stdout.matchAll(/^src\/(.+)\.ts$/gm)) {
    expect(packed.files.map(({ path }) => path)).toContain(`dist/${file}.js`)
  }
  for (const { path } of packed.files) {
    const text = await readFile(join(installed, 'nearport', path), 'latin1')
    expect([path, text.includes(checkout), text.includes('sourceMappingURL')]).toEqual([
      path,
      false,
      false,
    ])
  }
  expect(packed.size).toBeLessThan(1_000_000)
})

test('npx finds it, in the installed folder and in the checkout', async () => {
  const { version } = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8'))
  for (const cwd of [dirname(installed), checkout]) {
    const { stdout } = await run(['npx', '--no-install', 'nearport', '--version'], { cwd })
    expect(stdout).toBe(`${version}\n`)
  }
})

test('a Node that is too old is told so, in one line', async () => {
  const bin = await readFile(join(installed, 'nearport/bin/nearport.js'), 'utf8')
  const [major, minor] = (await oldestNode()).split('.')
  expect(bin).toContain(`nearport wants Node ${major}.${minor} or later`)
  // The same file on a Node that says that it is another.
  const pretend = `Object.defineProperty(process.versions, 'node', { value: '${major}.${Number(minor) - 1}.0' })`
  const preload = `data:text/javascript,${encodeURIComponent(pretend)}`
  await expect(run([oldest, '--import', preload, cli, '--version'])).rejects.toThrow(
    new RegExp(`code 1\nnearport wants Node ${major}\\.${minor} or later, got [0-9.]+$`),
  )
})

test.for(nodes)('%s runs the demonstration', async ([name, node]) => {
  const serving = await startProcess({
    name: `demo on ${name}`,
    command: [node, cli, 'serve', '--port', '8155', '--admin-port', '9155'],
    logs: folder,
    cwd: folder,
    ready: () => answers('http://127.0.0.1:9155/readyz'),
  })
  try {
    const said = await readFile(serving.log, 'utf8')
    const url = /http:\/\/127\.0\.0\.1:8155\/v2\/hello\/blobs\/\S+/.exec(said)![0]
    const headers = { 'x-forwarded-for': '54.72.0.10' }
    const response = await fetch(url, { headers, redirect: 'manual' })
    expect(response.headers.get('x-nearport-reason')).toBe('in-region')
    expect(response.headers.get('location')).toContain('/mirror-eu-west-1/')
    const page = await fetch('http://127.0.0.1:9155/')
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('nearport')])
  } finally {
    await serving.stop()
  }
})

test.for(nodes)('%s syncs real mirrors, and explains where clients go', async ([, node]) => {
  const config = ['--config', nearport.configFile] as const
  const { stdout: summary } = await run([node, cli, 'sync', '--json', ...config], {
    env,
    cwd: folder,
  })
  expect(JSON.parse(summary)).toMatchObject({ problems: [] })

  const path = `/v2/${image.repository}/blobs/${image.everything.blobs[0]}`
  const explain: CommandLine = [
    node,
    cli,
    'explain',
    '--ip',
    '54.72.0.10',
    path,
    '--json',
    ...config,
  ]
  expect((await run(explain, { cwd: folder })).stdout).toContain('in-region')
})

test.for(nodes)('%s knows whose an address is', async ([, node]) => {
  const lookup: CommandLine = [node, cli, 'ranges', 'lookup', '54.72.0.10', '203.0.113.10']
  const { stdout } = await run(lookup, { cwd: folder })
  expect(stdout).toBe('54.72.0.10\taws\teu-west-1\n203.0.113.10\t-\t-\n')
})

test('with a certificate, a client that believes it pulls by TLS, and no other does', async () => {
  const certificates = join(folder, 'certificates')
  await mkdir(certificates, { recursive: true })
  const files = { cert: join(certificates, 'tls.crt'), key: join(folder, 'tls.key') }
  const { both } = service.names
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const named = ['-subj', `/CN=${both}`, '-addext', `subjectAltName=DNS:${both}`]
  const written = ['-keyout', files.key, '-out', files.cert]
  await run(['openssl', 'req', '-x509', '-days', '2', ...made, ...named, ...written])
  const withTls = await configureNearport(parts, 'package-tls', mirrors.faces, { tls: files })
  const serving = await startProcess({
    name: 'serve with TLS',
    command: [oldest, cli, 'serve', '--config', withTls.configFile],
    logs: folder,
    env,
    ready: () => answers('http://127.0.0.1:9090/readyz'),
  })
  try {
    const from = `docker://${both}:8080/${image.repository}:${image.tag}`
    const copy = (...flags: readonly string[]) =>
      inNamespace(hosts.awsEast.namespace, [
        'skopeo',
        'copy',
        '-q',
        ...flags,
        from,
        `dir:${folder}/pulled`,
      ])
    await copy('--src-cert-dir', certificates)
    const manifest = JSON.parse(await readFile(`${folder}/pulled/manifest.json`, 'utf8'))
    expect(manifest.config.digest).toMatch(/^sha256:/)
    await expect(copy()).rejects.toThrow(/x509|certificate/)
    expect(await readFile(serving.log, 'utf8')).toContain('"reason":"in-region"')
  } finally {
    await serving.stop()
  }
})

test('the example of docs/embedding.md compiles and answers, word for word', async () => {
  const doc = await readFile(join(checkout, 'docs/embedding.md'), 'utf8')
  const example = /^```ts\n([^]*?)^```$/m.exec(doc)![1]!
  const app = dirname(installed)
  await writeFile(join(app, 'server.ts'), example)
  await writeFile(
    join(app, 'nearport.json'),
    JSON.stringify({
      ...JSON.parse(await readFile(nearport.configFile, 'utf8')),
      port: 8156,
      clientAddress: { header: 'x-forwarded-for', fromRight: 1 },
    }),
  )
  const compilerOptions = {
    strict: true,
    module: 'nodenext',
    target: 'es2024',
    // hono's types want it.
    lib: ['es2024', 'dom'],
    noEmit: true,
    typeRoots: [join(checkout, 'node_modules/@types')],
    types: ['node'],
  }
  await writeFile(
    join(app, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['server.ts'] }),
  )
  await run([process.execPath, join(checkout, 'node_modules/typescript/bin/tsc'), '-p', app])

  const serving = await startProcess({
    name: 'embedded',
    command: [oldest, 'server.ts'],
    logs: folder,
    cwd: app,
    env,
    ready: () => answers('http://127.0.0.1:8156/v2/'),
  })
  try {
    const about = await fetch('http://127.0.0.1:8156/about')
    expect(await about.text()).toBe('images of ours\n')
    const blob = `/v2/${image.repository}/blobs/${image.everything.blobs[0]}`
    const headers = { 'x-forwarded-for': '54.72.0.10' }
    const sent = await fetch(`http://127.0.0.1:8156${blob}`, { headers, redirect: 'manual' })
    expect(sent.headers.get('x-nearport-reason')).toBe('in-region')
    expect(await readFile(serving.log, 'utf8')).toContain('"event":"request"')
  } finally {
    await serving.stop()
  }
})
