import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** All that a module has loaded before it runs itself: files of ours by their paths, and packages. */
function loadedBy(start: string): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (file: string) => {
    if (found.has(file)) return
    found.add(file)
    if (!file.endsWith('.ts')) return
    const source = readFileSync(join(root, file), 'utf8')
    // A type is gone before anything runs.
    const statements = source.matchAll(
      /^(?:import|export)\s(?!type\s)(?:[^'"]*?\sfrom\s)?['"]([^'"]+)['"]/gm,
    )
    for (const [, name] of statements) {
      visit(name!.startsWith('.') ? relative(root, join(root, dirname(file), name!)) : name!)
    }
  }
  visit(start)
  return found
}

const packagesOf = (start: string) =>
  [...loadedBy(start)].filter((name) => !name.startsWith('src/') && !name.endsWith('.json'))

test('an answer from memory is made of nothing but the core and a few files of the proxy', () => {
  const loaded = [...loadedBy('src/runtime/http/direct.ts'), ...loadedBy('src/proxy/at-once.ts')]
  expect(loaded.filter((name) => !name.startsWith('src/core/')).toSorted()).toEqual([
    'src/proxy/answer.ts',
    'src/proxy/at-once.ts',
    'src/proxy/describe.ts',
    'src/proxy/parse-request.ts',
    'src/runtime/http/direct.ts',
    'src/runtime/http/end-of-turn.ts',
  ])
})

test('what is found is what is loaded', () => {
  expect(packagesOf('src/proxy/app.ts')).toContain('hono')
  expect(loadedBy('src/proxy/app.ts')).toContain('src/core/decide.ts')
})
