/** What is put to the test: a registry, or nearport before one. */
export type Column = {
  /** What heads it in docs/conformance.md, which says what it means. */
  readonly name: string
  /** How nearport is set up; undefined: this is the registry. */
  readonly nearport?: Setting
}

/** nearport before a registry. */
export type Setting = {
  /** The column of the registry behind it. */
  readonly before: string
  readonly mode: 'redirect' | 'relay'
  /** How it knows what the mirrors hold; undefined: there are no mirrors. */
  readonly presence?: 'index' | 'probe' | 'assume'
  /** Where it runs; default: on Node. */
  readonly place?: 'workerd' | 'Bun'
}

type Mode = Omit<Setting, 'before'>

const redirect: Mode = { mode: 'redirect' }
const index: Mode = { mode: 'redirect', presence: 'index' }
const probe: Mode = { mode: 'redirect', presence: 'probe' }
const assume: Mode = { mode: 'redirect', presence: 'assume' }
const relay: Mode = { mode: 'relay' }
const relayIndex: Mode = { mode: 'relay', presence: 'index' }

/** Columns that `npm test` fills: the embedded registry, and nearport before it. */
export const embeddedColumns = columnsOf('embedded', {
  redirect,
  index,
  probe,
  assume,
  relay,
  'relay and index': relayIndex,
})

/** Columns that `npm run test:e2e` fills: Debian’s registry, and nearport before it. */
export const realColumns = columnsOf('docker-registry', {
  redirect,
  index,
  relay,
  'redirect, workerd': { ...redirect, place: 'workerd' },
  'index, workerd': { ...index, place: 'workerd' },
  'relay, workerd': { ...relay, place: 'workerd' },
  'relay and index, workerd': { ...relayIndex, place: 'workerd' },
})

/** Columns that `npm run test:bun` fills: nearport on Bun, before the embedded registry, the control. */
export const bunColumns = columnsOf('embedded', {
  'redirect, Bun': { ...redirect, place: 'Bun' },
  'index, Bun': { ...index, place: 'Bun' },
  'relay and index, Bun': { ...relayIndex, place: 'Bun' },
})

export const columns: readonly Column[] = [
  ...embeddedColumns,
  ...bunColumns.slice(1),
  ...realColumns,
]

function columnsOf(registry: string, modes: Readonly<Record<string, Mode>>): readonly Column[] {
  const behind = Object.entries(modes).map(([name, mode]) => ({
    name: `${registry}, ${name}`,
    nearport: { before: registry, ...mode },
  }))
  return [{ name: registry }, ...behind]
}
