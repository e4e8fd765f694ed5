import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/cli/load-config.ts'

const text = (namespace: string) =>
  JSON.stringify({ upstreams: [{ registry: 'http://registry.example', namespace }] })

async function enterFolder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'nearport-'))
  const before = process.cwd()
  process.chdir(directory)
  onTestFinished(async () => {
    process.chdir(before)
    await rm(directory, { recursive: true })
  })
  return directory
}

test('the flag wins over the environment, and the environment over nearport.json', async () => {
  const directory = await enterFolder()
  for (const name of ['flag', 'environment', 'nearport']) {
    await writeFile(`${name}.json`, text(name))
  }
  const env = { NEARPORT_CONFIG: join(directory, 'environment.json') }
  const namespaceOf = async (...args: Parameters<typeof loadConfig>) =>
    (await loadConfig(...args))?.upstreams[0]?.namespace
  expect(await namespaceOf('flag.json', env)).toBe('flag')
  expect(await namespaceOf(undefined, env)).toBe('environment')
  expect(await namespaceOf(undefined, {})).toBe('nearport')
  expect(await namespaceOf(undefined, { NEARPORT_CONFIG: '' })).toBe('nearport')
})

test('with nothing there, there is no configuration', async () => {
  await enterFolder()
  expect(await loadConfig(undefined, {})).toBeUndefined()
})

test('a file that is named must be there, and be a file', async () => {
  const directory = await enterFolder()
  await expect(loadConfig(undefined, { NEARPORT_CONFIG: 'gone.json' })).rejects.toThrow(
    'wanted a configuration in gone.json: there is no such file',
  )
  await expect(loadConfig(directory, {})).rejects.toThrow('EISDIR')
})

test('folders are by the file, and not by where the command was called from', async () => {
  const directory = await enterFolder()
  const upstreams = [{ registry: 'http://registry.example' }]
  const json = { upstreams, index: { directory: 'index' }, ranges: { directory: '../ranges' } }
  await writeFile('nearport.json', JSON.stringify(json))
  process.chdir('/')
  const { index, ranges } = (await loadConfig(join(directory, 'nearport.json'), {}))!
  expect([index.directory, ranges.directory]).toEqual([
    join(directory, 'index'),
    join(directory, '..', 'ranges'),
  ])
})

test('a byte order mark in front is not held against a file', async () => {
  await enterFolder()
  await writeFile('nearport.json', `\uFEFF${text('bom')}`)
  expect((await loadConfig(undefined, {}))?.upstreams[0]?.namespace).toBe('bom')
})
