/** What became of requests, by kind. */
export type LoadTally = {
  readonly right: (kind: string) => void
  readonly wrong: (kind: string, why: string) => void
  /** Kinds in the order in which they were first seen. */
  readonly kinds: () => readonly KindTally[]
  readonly count: () => number
  readonly faults: () => number
  /** What was wrong and how often, the first twenty kinds of it. */
  readonly examples: () => readonly string[]
}

export type KindTally = { readonly kind: string; right: number; wrong: number }

const mostExamples = 20

export function createTally(): LoadTally {
  const byKind = new Map<string, KindTally>()
  const examples = new Map<string, number>()
  const of = (kind: string): KindTally => {
    const known = byKind.get(kind)
    if (known !== undefined) return known
    const made = { kind, right: 0, wrong: 0 }
    byKind.set(kind, made)
    return made
  }
  const sum = (each: (tally: KindTally) => number) =>
    [...byKind.values()].reduce((total, tally) => total + each(tally), 0)
  return {
    right: (kind) => of(kind).right++,
    wrong(kind, why) {
      of(kind).wrong++
      const example = `${kind}: ${why}`
      const before = examples.get(example)
      if (before !== undefined || examples.size < mostExamples) {
        examples.set(example, (before ?? 0) + 1)
      }
    },
    kinds: () => [...byKind.values()],
    count: () => sum(({ right, wrong }) => right + wrong),
    faults: () => sum(({ wrong }) => wrong),
    examples: () => [...examples].map(([example, count]) => `${count} × ${example}`),
  }
}
