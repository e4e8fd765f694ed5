import { cp, mkdir, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { checkout, outside } from './package.ts'
import { type CommandLine, run } from './process.ts'

/** What the steps of deploy/Dockerfile call, and what those call. */
const programs = ['bash', 'sh', 'env', 'ldd', 'grep', 'find', 'readlink', 'mkdir', 'cp', 'rm']

/**
 * Makes an image that stands in for Node's official one, which cannot be had without a way out: this
 * machine's node and npm, its shell, and npm's cache with all that the checkout's lock names. `docker`
 * is a docker client's command line.
 */
export async function importNodeImage(
  docker: CommandLine,
  name: string,
  folder: string,
): Promise<void> {
  const root = join(folder, 'node-image')
  await mkdir(join(root, 'usr/local/etc'), { recursive: true })
  // As Debian has it: whatever is asked for in /bin is in /usr/bin.
  for (const each of ['bin', 'lib', 'lib64']) {
    await mkdir(join(root, 'usr', each), { recursive: true })
    await symlink(`usr/${each}`, join(root, each))
  }
  for (const program of programs) {
    const { stdout } = await run(['sh', '-c', `command -v ${program}`])
    await copyProgram(stdout.trim(), root)
  }
  await copyProgram(process.execPath, root, '/usr/local/bin/node')
  const npm = await realpath((await run(['sh', '-c', 'command -v npm'])).stdout.trim())
  await cp(dirname(dirname(npm)), join(root, 'usr/local/lib/node_modules/npm'), {
    recursive: true,
  })
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'))
  await fillCache(join(root, 'npm-cache'), folder)
  const npmrc = 'cache=/npm-cache\noffline=true\nupdate-notifier=false\n'
  await writeFile(join(root, 'usr/local/etc/npmrc'), npmrc)
  await mkdir(join(root, 'tmp'), { recursive: true })

  const tar = `tar -C '${root}' -c . | "$@"`
  const change = 'ENV PATH=/usr/local/bin:/usr/bin:/bin'
  const load = [...docker, 'import', '--change', change, '-', name]
  await run(['sh', '-c', tar, 'sh', ...load], { deadlineMs: 180_000 })
  await rm(root, { recursive: true })
}

/** Puts a program, or a script, and every library it wants where they are on this machine. */
async function copyProgram(from: string, root: string, to = from): Promise<void> {
  const ldd = await run(['sh', '-c', `ldd '${from}' || true`])
  const libraries = ldd.stdout.match(/\/[^ )]+(?= \()/g) ?? []
  for (const [source, target] of [[from, to], ...libraries.map((each) => [each, each])]) {
    await mkdir(dirname(join(root, target!)), { recursive: true })
    await cp(source!, join(root, target!), { dereference: true })
  }
}

/** Fills a cache of npm with what an installation by the checkout's lock takes. */
async function fillCache(cache: string, folder: string): Promise<void> {
  const project = join(folder, 'cached')
  await mkdir(project, { recursive: true })
  for (const name of ['package.json', 'package-lock.json']) {
    await cp(join(checkout, name), join(project, name))
  }
  const install = ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund']
  await outside(['npm', '--prefix', project, '--cache', cache, ...install])
  await rm(project, { recursive: true })
}
