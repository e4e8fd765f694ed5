import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { scrapeServe, scrapeSync } from './all-metrics.ts'
import { readScrape } from './scraped.ts'

const doc = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')

test.for([
  ['serve', scrapeServe],
  ['sync', scrapeSync],
] as const)(
  'the page on metrics has those of %s, their types and labels',
  async ([name, scrape]) => {
    const exported = [...readScrape(await scrape())]
      .filter(
        ([metric]) =>
          metric.startsWith('nearport_') && !/_seconds_(?:bucket|sum|count)$/.test(metric),
      )
      .map(([metric, { type, labels }]) => `${metric} ${type} ${[...labels].toSorted().join()}`)
    expect(exported.length).toBeGreaterThan(10)
    expect(documented(name).toSorted()).toEqual(exported.toSorted())
  },
)

function documented(section: string): readonly string[] {
  const [, text = ''] = doc.split(`\n## ${section}\n`)
  const [rows] = text.split('\n## ', 1)
  return [...rows!.matchAll(/^\| `(\w+)` +\| (\w+) +\| ([^|]*)\|/gm)].map(
    ([, metric, type, labels]) => {
      const names = [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!)
      return `${metric} ${type} ${names.toSorted().join()}`
    },
  )
}
