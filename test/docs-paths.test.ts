import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const pages = globSync('{*.md,docs/**/*.md,data/*.md,deploy/**/*.md}', { cwd: root }).toSorted()

/** What a reader makes by a page's words, and that is not here before. */
const made = 'deploy/kubernetes/overlays/mine'

test.for(pages)('every link in %s leads to a file, and to a heading that it has', (page) => {
  const broken = linksOf(read(page)).filter((link) => !leadsSomewhere(page, link))
  expect(broken).toEqual([])
})

test.for(pages)('every path that %s names is there', (page) => {
  const missing = pathsOf(read(page)).filter(
    (path) => globSync(path, { cwd: root }).length === 0 && !path.startsWith(made),
  )
  expect(missing).toEqual([])
})

test('every module that the architecture names by its room is there', () => {
  const named = [...read('docs/architecture.md').matchAll(/`((?:core|proxy|runtime)\/[a-z/-]+)`/g)]
  expect(named.length).toBeGreaterThan(5)
  const missing = named
    .map((match) => `src/${match[1]!.replace(/\/$/, '')}`)
    .filter((path) => !existsSync(join(root, path)) && !existsSync(join(root, `${path}.ts`)))
  expect(missing).toEqual([])
})

function read(page: string): string {
  return readFileSync(join(root, page), 'utf8')
}

/** Where a page's links and pictures go, but for those out into the net. */
function linksOf(text: string): string[] {
  const prose = text.replaceAll(/^```.*?^```/gms, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1]!)
    .filter((link) => !/^[a-z]+:/.test(link))
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : join(dirname(page), path)
  if (!existsSync(join(root, target))) return false
  return anchor === undefined || anchorsOf(read(target)).includes(anchor)
}

/** The headings' anchors, as GitHub makes them. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map((match) =>
    match[1]!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** Paths of this repository that a page names, in prose or in a command. `*` may stand in them. */
function pathsOf(text: string): string[] {
  const paths = text.matchAll(/(?<![\w/.:-])(?:src|test|data|deploy|bin)\/[\w./*-]*[\w*]/g)
  return [...new Set([...paths].map(([path]) => path))]
}
