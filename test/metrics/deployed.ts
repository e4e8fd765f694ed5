import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Yaml } from '../deploy-yaml.ts'
import { readYaml } from '../deploy-yaml.ts'

/** A recorded series or an alert, as its file has it. */
export type Rule = {
  readonly file: string
  readonly kind: 'record' | 'alert'
  readonly name: string
  readonly expr: string
  readonly for: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** Something on the dashboard; rows ask for nothing. */
export type Panel = {
  readonly id: number
  readonly type: string
  readonly title?: string
  readonly description?: string
  readonly gridPos: {
    readonly x: number
    readonly y: number
    readonly w: number
    readonly h: number
  }
  readonly datasource?: { readonly uid: string }
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } }
  readonly targets?: readonly {
    readonly refId: string
    readonly expr: string
    readonly datasource: { readonly uid: string }
  }[]
}

export type Dashboard = {
  readonly id: null
  readonly uid: string
  readonly title: string
  readonly schemaVersion: number
  readonly templating: {
    readonly list: readonly {
      readonly name: string
      readonly type: string
      readonly query: unknown
    }[]
  }
  readonly panels: readonly Panel[]
}

const folder = new URL('../../deploy/', import.meta.url)
const names = readdirSync(new URL('prometheus/', folder))
const pathsOf = (ending: string) =>
  names
    .filter((name) => name.endsWith(ending))
    .map((name) => fileURLToPath(new URL(`prometheus/${name}`, folder)))

/** What Prometheus loads. */
export const ruleFiles = pathsOf('.rules.yaml')
/** What `promtool test rules` reads. */
export const ruleTestFiles = pathsOf('.test.yaml')

/** The page that tells operators how to use all this. */
export const readRulesPage = () => readFileSync(new URL('prometheus/README.md', folder), 'utf8')

export const dashboardText = readFileSync(new URL('grafana/nearport.json', folder), 'utf8')
export const dashboard = JSON.parse(dashboardText) as Dashboard
export const panels = dashboard.panels.filter(({ type }) => type !== 'row')

type RuleFile = { readonly groups: readonly { readonly rules: readonly RuleYaml[] }[] }
type RuleYaml = Readonly<Record<'record' | 'alert' | 'expr' | 'for', string | undefined>> &
  Partial<Pick<Rule, 'labels' | 'annotations'>>

export const rules: readonly Rule[] = ruleFiles.flatMap((file) => {
  const [document] = readYaml(readFileSync(file, 'utf8')) as readonly [Yaml & RuleFile]
  return document.groups.flatMap((group) =>
    group.rules.map(({ record, alert, expr, for: lasting, labels = {}, annotations = {} }) => ({
      file,
      kind: record === undefined ? ('alert' as const) : ('record' as const),
      name: record ?? alert!,
      expr: expr!,
      for: lasting,
      labels,
      annotations,
    })),
  )
})

/** Every expression that is deployed, and where it stands. */
export const expressions: readonly (readonly [where: string, expr: string])[] = [
  ...rules.flatMap(({ name, expr, annotations }) => [
    [name, expr] as const,
    ...queriesIn(annotations['description'] ?? '').map((query) => [name, query] as const),
  ]),
  ...panels.flatMap(({ title = '', targets = [] }) =>
    targets.map(({ expr }) => [`the panel ${title}`, expr] as const),
  ),
]

/** What a description asks for by `query`, with labels in the place of what printf puts in. */
function queriesIn(description: string): readonly string[] {
  return [...description.matchAll(/with (?:printf|query) "((?:[^"\\]|\\.)*)"/g)].map(([, text]) =>
    text!.replaceAll('\\"', '"').replaceAll('%q', '"any"'),
  )
}
