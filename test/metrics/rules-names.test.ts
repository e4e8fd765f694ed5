import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { reasons } from '../../src/core/reason.ts'
import type { RequestEvent } from '../../src/core/event.ts'
import type { MirrorState } from '../../src/sync/summary.ts'
import { allSyncGauges, scrapeServe, scrapeSync } from './all-metrics.ts'
import { expressions, readRulesPage, ruleTestFiles, rules } from './deployed.ts'
import { readExpression } from './expression.ts'
import { readScrape } from './scraped.ts'

// The rules for Prometheus and the dashboard, held to what the code exports.
const exported = readScrape(`${await scrapeServe()}${await scrapeSync()}`)
const recorded = rules.filter(({ kind }) => kind === 'record')
const alerts = rules.filter(({ kind }) => kind === 'alert')
const recordedNames = recorded.map(({ name }) => name)
/** What Prometheus adds to all it scrapes. */
const scrapeLabels = ['job', 'instance']

/** Values that are in closed lists, of labels that are asked for. */
const actions: readonly RequestEvent['action'][] = [
  'version',
  'mirror',
  'upstream',
  'relay',
  'size',
  'refuse',
]
const kinds: readonly RequestEvent['kind'][] = [
  'version',
  'blob',
  'manifest',
  'tags',
  'referrers',
  'refusal',
]
const states: readonly MirrorState[] = [
  'published',
  'left-out',
  'refused',
  'unreachable',
  'planned',
  'filled',
  'stopped',
]
const values: Readonly<Record<string, readonly string[]>> = {
  action: actions,
  kind: kinds,
  reason: reasons,
  state: [...states, 'listening', 'out'],
  method: ['GET', 'HEAD', 'other'],
  outcome: ['loaded', 'unchanged', 'missing', 'good', 'slow', 'failed'],
}

test('this test knows every metric of a run', async () => {
  expect([...exported.keys()]).toEqual(expect.arrayContaining([...(await allSyncGauges())]))
})

test.for(expressions)('%s asks for what is exported or recorded', ([, text]) => {
  const { names } = readExpression(text)
  const known = (name: string) => exported.has(name) || recordedNames.includes(name)
  expect(names.filter((name) => !known(name))).toEqual([])
})

test.for(expressions)('%s asks for labels, and values of them, that there are', ([, text]) => {
  const { matchers, groupedBy, names } = readExpression(text)
  for (const { name, label, value } of matchers) {
    expect([name, label]).toEqual([name, expect.toBeOneOf(labelsOf(name))])
    if (!(label in values)) continue
    for (const each of value.split('|').filter((part) => part !== '.+')) {
      expect([label, each]).toEqual([label, expect.toBeOneOf([...values[label]!])])
    }
  }
  const labels = names.flatMap(labelsOf)
  expect(groupedBy.filter((label) => !labels.includes(label))).toEqual([])
})

/** The labels that a series may have: what is recorded is named after them. */
function labelsOf(name: string): readonly string[] {
  const metric = exported.get(name)
  if (metric !== undefined) return [...metric.labels, ...scrapeLabels]
  return name.split(':', 1)[0]!.split('_')
}

test('what is recorded has the labels that its name says', () => {
  for (const { name, expr } of recorded) {
    const [level] = name.split(':', 1)
    const { groupedBy } = readExpression(expr)
    // A constant has no labels; the last grouping of the others may be one that is joined by.
    const wanted = level === 'global' ? '' : level!.split('_').join(', ')
    if (wanted === '') expect([name, groupedBy]).toEqual([name, []])
    else expect([name, expr]).toEqual([name, expect.stringContaining(`by (${wanted})`)])
  }
})

test('names are there once, and say level, metric and operations', () => {
  expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length)
  for (const { name } of recorded) expect(name).toMatch(/^[a-z_]+:nearport_[a-z_]+:[a-z0-9_]+$/)
  for (const { name } of alerts) expect(name).toMatch(/^Nearport[A-Z][A-Za-z]+$/)
})

test.for(alerts.map((alert) => [alert.name, alert] as const))(
  '%s says how bad it is, what it is, how much, and where to read on',
  ([, { labels, annotations }]) => {
    expect(labels['severity']).toBeOneOf(['warning', 'critical'])
    expect(Object.keys(annotations)).toEqual(['summary', 'description', 'docs'])
    expect(annotations['summary']).toMatch(/^[A-Z][^{]*[^.]$/)
    expect(annotations['description']).toMatch(/\{\{.*\}\}.*\.(?:\{\{ end \}\})?$/)
    const [, file, anchor] = /^(docs\/\S+\.md)#(\S+)$/.exec(annotations['docs']!) ?? []
    expect(headingsOf(file!)).toContain(anchor)
  },
)

test('every alert is tested where it fires and where it does not', () => {
  const text = ruleTestFiles.map((file) => readFileSync(file, 'utf8')).join('')
  const cases = [...text.matchAll(/alertname: (\w+)\n +eval_time: \w+\n +exp_alerts:( \[\])?/g)]
  const tested = (isSilent: boolean) =>
    new Set(cases.filter((each) => (each[2] !== undefined) === isSilent).map((each) => each[1]!))
  const names = new Set(alerts.map(({ name }) => name))
  expect(tested(false)).toEqual(names)
  expect(tested(true)).toEqual(names)
})

test('every recorded series has a test that knows its value', () => {
  const text = ruleTestFiles.map((file) => readFileSync(file, 'utf8')).join('')
  for (const name of recordedNames) {
    expect(text).toMatch(new RegExp(`^ +- (?:expr|labels): .*${name}\\b`, 'm'))
  }
})

test('the page tells of every alert what to do, and of no other', () => {
  const told = [...readRulesPage().matchAll(/^\| `(Nearport\w+)`/gm)].map(([, name]) => name)
  expect(told).toEqual(alerts.map(({ name }) => name))
})

/** The anchors of a page's headings, as GitHub makes them. */
function headingsOf(file: string): readonly string[] {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  )
}

test.for<[string, string]>([
  ['a bracket that is not closed', 'sum(rate(nearport_requests_total[5m])'],
  ['a bracket that closes another', 'sum(nearport_requests_total}'],
  ['a quote that does not end', 'nearport_requests_total{kind="blob}'],
])('%s is found', ([, text]) => {
  expect(() => readExpression(text)).toThrow(/wanted/)
})
