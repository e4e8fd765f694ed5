import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { reasons } from '../src/core/reason.ts'

const doc = readFileSync(new URL('../docs/request-handling.md', import.meta.url), 'utf8')

test('the table of reasons in the docs is the list in the code, in its order', () => {
  const table = [...doc.matchAll(/^\| `([a-z-]+)` +\| (?:307|200|4xx|the upstream)/gm)]
  expect(table.map((row) => row[1])).toEqual(reasons)
})

test('the decision list and the chart give every reason, and no other', () => {
  const list = doc.slice(doc.indexOf('## The list'), doc.indexOf('```mermaid'))
  const given = [...list.matchAll(/→ `([a-z-]+)`/g)].map((match) => match[1]!)
  expect([...new Set(given)].toSorted()).toEqual([...reasons].toSorted())

  const chart = doc.slice(doc.indexOf('```mermaid'), doc.indexOf('## The reasons'))
  const shown = [...chart.matchAll(/\["?((?:[a-z-]+, )*[a-z-]+): /g)].flatMap((match) =>
    match[1]!.split(', '),
  )
  expect([...new Set(shown)].toSorted()).toEqual([...reasons].toSorted())
})
