/** A metric as one scrape has it. */
export type ScrapedMetric = {
  readonly type: string
  /** The labels of its samples. */
  readonly labels: ReadonlySet<string>
}

/**
 * Reads the text format, by the names that expressions use: a histogram is there by its own name,
 * and as `_bucket`, `_sum` and `_count`. Throws for a sample that has no type.
 */
export function readScrape(text: string): ReadonlyMap<string, ScrapedMetric> {
  const metrics = new Map<string, { readonly type: string; readonly labels: Set<string> }>()
  for (const line of text.split('\n')) {
    const [, name = '', type = ''] = /^# TYPE (\S+) (\w+)$/.exec(line) ?? []
    if (name !== '') {
      for (const each of namesOf(name, type)) metrics.set(each, { type, labels: new Set() })
    }
    if (line === '' || line.startsWith('#')) continue
    const [, sample = '', inner = ''] = /^([^{ ]+)(?:\{(.*)\})? \S+$/.exec(line) ?? []
    const metric = metrics.get(sample)
    if (metric === undefined)
      throw new Error(`wanted a sample of a metric with a type, got ${line}`)
    const whole = metrics.get(sample.replace(/_(?:bucket|sum|count)$/, ''))
    for (const [, label = ''] of inner.matchAll(/(\w+)="[^"]*"/g)) {
      metric.labels.add(label)
      if (label !== 'le' && label !== 'quantile') whole?.labels.add(label)
    }
  }
  return metrics
}

function namesOf(name: string, type: string): readonly string[] {
  const isSplit = type === 'histogram' || type === 'summary'
  return isSplit ? ['', '_bucket', '_sum', '_count'].map((suffix) => name + suffix) : [name]
}
