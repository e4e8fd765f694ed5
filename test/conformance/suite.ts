import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Clause, Subject, Verdict } from './clause.ts'
import { judge } from './clause.ts'
import type { Column } from './columns.ts'
import { columns as allColumns } from './columns.ts'
import type { Cells } from './document.ts'
import { readCells, readPage, renderPage, withoutWidths, writePage } from './document.ts'
import { knownFailures, whyItFails } from './known-failures.ts'
import { clauses, sections } from './sections.ts'

/** A subject that runs until it is stopped. */
export type Started = { readonly subject: Subject; readonly stop: () => Promise<void> }

const words = { pass: 'pass', fail: 'FAIL', 'n/a': 'n/a' } as const

/**
 * Puts every check to every column, the registry's own first, and holds docs/conformance.md against
 * what came of it. With NEARPORT_CONFORMANCE_TABLE=1 the page is written anew, and the next run
 * holds to it.
 */
export function conformanceSuite(
  columns: readonly Column[],
  start: (column: Column) => Promise<Started>,
): void {
  const verdicts = new Map<string, ReadonlyMap<string, Verdict>>()
  const said = readCells(readPage())

  describe.each(columns)('conformance of $name', (column) => {
    let started: Started | undefined
    beforeAll(async () => {
      started = await start(column)
      const found = new Map<string, Verdict>()
      for (const clause of clauses) found.set(clause.id, await judge(clause, started.subject))
      verdicts.set(column.name, found)
    }, 120_000)
    afterAll(() => started?.stop())

    test.for(clauses.map((clause) => [clause.id, clause.asks, clause.level, clause] as const))(
      '%s: %s (%s)',
      ([, , , clause]) => expectVerdict(clause, column, verdicts, said),
    )
  })

  test('docs/conformance.md has what this run found, every check, and every failure', () => {
    const cells = new Map(
      clauses.map(({ id }) => [
        id,
        new Map([...verdicts].map(([name, found]) => [name, words[found.get(id)!.kind]] as const)),
      ]),
    )
    const contents = { sections, columns: allColumns, knownFailures }
    const found = renderPage(readPage(), contents, cells)
    if (process.env['NEARPORT_CONFORMANCE_TABLE'] === '1') writePage(found)
    expect(withoutWidths(readPage())).toBe(withoutWidths(found))
    const everything = [...readCells(found).values()].flatMap((row) =>
      allColumns.map(({ name }) => row.get(name)),
    )
    expect(new Set(everything)).toEqual(new Set(Object.values(words)))
  })
}

/** It passes; or fails where that is known, or where the registry behind it does. */
function expectVerdict(
  clause: Clause,
  column: Column,
  verdicts: ReadonlyMap<string, ReadonlyMap<string, Verdict>>,
  said: Cells,
): void {
  const verdict = verdicts.get(column.name)!.get(clause.id)!
  if (whyItFails(clause.id, column.name) !== undefined) {
    return expect(verdict.kind, 'it passes now: take it off known-failures.ts').toBe('fail')
  }
  const { before = '', presence } = column.nearport ?? {}
  const control = verdicts.get(before)?.get(clause.id)
  const isTheirs =
    clause.decides === 'upstream' || (clause.decides === 'holder' && presence === undefined)
  // As the registry behind it has it, or mended on the way, or not asked: the page says which.
  if (verdict.kind === 'n/a' || (control?.kind === 'fail' && isTheirs)) {
    return expect(words[verdict.kind]).toBe(said.get(clause.id)?.get(column.name))
  }
  return expect(verdict).toEqual({ kind: 'pass' })
}
