import { expect, test } from 'vitest'
import { dashboard, dashboardText, panels } from './deployed.ts'

// What Grafana needs of the dashboard. What its expressions ask for is in rules-names.test.ts.

test('it belongs to no instance of Grafana', () => {
  expect(dashboard).toMatchObject({ id: null, uid: 'nearport', title: 'nearport' })
  // Grafana 10.1 and later read this without a migration of their own.
  expect(dashboard.schemaVersion).toBe(39)
  const sources = [...dashboardText.matchAll(/"uid": "([^"]*)"/g)].map(([, uid]) => uid)
  expect(new Set(sources)).toEqual(new Set(['nearport', '${datasource}']))
  expect(dashboardText).not.toMatch(/https?:|"gnetId"|"iteration"/)
})

test('every panel and every question goes to the chosen data source', () => {
  const chosen = { type: 'prometheus', uid: '${datasource}' }
  for (const { title, datasource, targets } of panels) {
    expect([title, datasource]).toEqual([title, chosen])
    expect(targets!.length).toBeGreaterThan(0)
    for (const target of targets!) expect([title, target.datasource]).toEqual([title, chosen])
    const refIds = targets!.map(({ refId }) => refId)
    expect(new Set(refIds).size).toBe(refIds.length)
  }
})

test('every variable that is used is there, and every one that is there is used', () => {
  const used = [...dashboardText.matchAll(/\$\{?([a-z_]+)\}?/g)].map(([, name]) => name!)
  const own = used.filter((name) => !name.startsWith('__'))
  const names = dashboard.templating.list.map(({ name }) => name)
  expect([...new Set(own)].toSorted()).toEqual(names.toSorted())
})

test('rows are the questions of an operator, in their order', () => {
  const rows = dashboard.panels.filter(({ type }) => type === 'row')
  expect(rows.map(({ title }) => title)).toEqual([
    'Money',
    'Where bytes go',
    'Health',
    'Latency',
    'Sync',
  ])
})

test('every panel has a title of its own, a word on what it shows, and an id', () => {
  const titles = panels.map(({ title }) => title)
  expect(titles).not.toContain(undefined)
  expect(new Set(titles).size).toBe(titles.length)
  for (const { title, description } of panels) {
    expect([title, description]).toEqual([title, expect.stringMatching(/\.$/)])
  }
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
})

/** The unit of what an expression gives: the first that fits. */
const units: readonly (readonly [asked: RegExp, unit: string])[] = [
  [/:ratio/, 'percentunit'],
  [/_dollars/, 'currencyUSD'],
  [/_bytes:rate|rate\(\w+_bytes_total/, 'binBps'],
  [/_bytes/, 'bytes'],
  [/_seconds/, 's'],
  [/rate\(\w+(?:requests|failures)_total/, 'reqps'],
]

test.for(
  panels
    .filter(({ type }) => type !== 'state-timeline')
    .map((panel) => [panel.title!, panel] as const),
)('%s has the unit of what it shows', ([, { targets, fieldConfig }]) => {
  for (const { expr } of targets!) {
    const unit = units.find(([asked]) => asked.test(expr))?.[1]
    expect(fieldConfig!.defaults.unit).toBeOneOf(unit === undefined ? ['short', 'none'] : [unit])
  }
})

test('panels fill the width and lie on no other', () => {
  const taken = new Map<string, string>()
  for (const { title = '', gridPos } of dashboard.panels) {
    const { x, y, w, h } = gridPos
    expect([title, x + w]).toEqual([title, expect.toSatisfy((end: number) => end <= 24)])
    for (let column = x; column < x + w; column++) {
      for (let line = y; line < y + h; line++) {
        expect([title, taken.get(`${column} ${line}`)]).toEqual([title, undefined])
        taken.set(`${column} ${line}`, title)
      }
    }
  }
  const bottom = Math.max(...dashboard.panels.map(({ gridPos: { y, h } }) => y + h))
  expect(taken.size).toBe(24 * bottom)
})
