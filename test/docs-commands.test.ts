import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commands } from '../src/cli/commands.ts'

const root = join(import.meta.dirname, '..')
const read = (page: string) => readFileSync(join(root, page), 'utf8')

/** `nearport NAME …`, as it stands in code: what it is called with, up to the end or a comment. */
type Call = { readonly page: string; readonly name: string; readonly rest: string }

const calls = globSync('{README.md,docs/*.md,deploy/**/*.md}', { cwd: root })
  .toSorted()
  .flatMap(callsOf)

test('every command that the docs name is there', () => {
  expect(calls.length).toBeGreaterThan(50)
  expect(calls.filter(({ name }) => !Object.hasOwn(commands, name))).toEqual([])
})

test('every flag that the docs give a command is in the help of one', () => {
  // What the commands say of themselves is in their files: to load them all takes seconds.
  const helps = globSync('src/cli/*.ts', { cwd: root }).map(read).join('\n')
  const unknown = calls.flatMap(({ page, rest }) =>
    [...rest.matchAll(/(?<=\s)--[a-z][a-z-]+/g)]
      .filter(([flag]) => flag !== '--help' && !new RegExp(`${flag}\\b`).test(helps))
      .map(([flag]) => [page, flag]),
  )
  expect(unknown).toEqual([])
})

function callsOf(page: string): readonly Call[] {
  const text = read(page)
  const blocks = [...text.matchAll(/^```(?:sh|console)\n(.*?)^```/gms)].map((match) => match[1]!)
  const prose = text.replaceAll(/^```.*?^```/gms, '')
  const spans = [...prose.matchAll(/`([^`]+)`/g)].map((match) => match[1]!)
  return [...blocks.flatMap((block) => block.split('\n')), ...spans].flatMap((line) => {
    // What a conformance run is of, and what the demonstration prints.
    if (/^nearport (?:before|shows) it/.test(line)) return []
    const call = /(?:^|[|$] |npx |run |silent )nearport (?:-- )?([a-z][a-z-]*)(.*)/.exec(line)
    return call === null ? [] : [{ page, name: call[1]!, rest: call[2]!.replace(/ #.*/, '') }]
  })
}
