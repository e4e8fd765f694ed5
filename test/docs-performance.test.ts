import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const page = read('docs/performance.md')
const benches = globSync('test/bench/*.ts', { cwd: root }).map(read)

const sections = [
  ...page.matchAll(/^<!-- bench: (.*) -->$(.*?)^<!-- end of bench: \1 -->$/gms),
].map((match) => ({ section: match[1]!, content: match[2]! }))

test('every section of figures is a bench’s own, and has what the bench wrote', () => {
  expect(sections.length).toBeGreaterThan(5)
  const names = benches.map(nameOf)
  for (const { section, content } of sections) {
    expect(names).toContain(section)
    expect(content, section).toMatch(/^\| -{4}.*\n\|.*\d/m)
    expect(content, section).toContain(`\n\`npm run bench -- ${section}`)
  }
})

test('every bench that writes a section has one', () => {
  const parts = globSync('test/bench/parts/*.ts', { cwd: root }).map(read)
  const written = [...benches, ...parts].flatMap((text) =>
    [...text.matchAll(/\b(?:publishTables?|writeSection)\(\s*(?:'([a-z-]+)'|name\b)/g)].map(
      (match) => match[1] ?? nameOf(text),
    ),
  )
  expect(new Set(written)).toEqual(new Set(sections.map(({ section }) => section)))
})

test('the figures that the README quotes are in the tables', () => {
  const quoting = read('README.md')
    .split('\n\n')
    .filter((paragraph) => /^[^-|].*\]\(docs\/performance\.md\)/s.test(paragraph))
  expect(quoting.length).toBeGreaterThan(0)
  const figures = quoting.flatMap((text) => text.match(/(?<![\w.])\d+\.\d+(?![\w.]*\d)/g) ?? [])
  expect(figures.length).toBeGreaterThan(2)
  const tables = sections.map(({ content }) => content).join('')
  expect(figures.filter((figure) => !tables.includes(` ${figure} `))).toEqual([])
})

function nameOf(bench: string): string | undefined {
  return /^export const name = '(.*)'$/m.exec(bench)?.[1]
}
