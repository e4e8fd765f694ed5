import { readdir } from 'node:fs/promises'

/** What a file in this folder exports: a measurement that prints its own table. */
type Bench = { readonly name: string; readonly run: () => Promise<void> | void }

const files = (await readdir(import.meta.dirname)).filter(
  (file) => file.endsWith('.ts') && file !== 'main.ts',
)
const loaded = await Promise.all(
  files.toSorted().map((file) => import(`./${file}`) as Promise<Partial<Bench>>),
)
// A file that exports no bench is a part of one that does.
const benches = loaded.filter(
  (file): file is Bench => file.name !== undefined && file.run !== undefined,
)

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => benches.every((bench) => bench.name !== name))
if (unknown.length > 0) {
  const known = benches.map(({ name }) => name).join(', ')
  console.error(`no bench is called ${unknown.join(', ')}: wanted some of ${known}`)
  process.exit(2)
}

// One after the other: two at once would measure each other.
for (const bench of benches) {
  if (wanted.length > 0 && !wanted.includes(bench.name)) continue
  console.log(`\n${bench.name}`)
  await bench.run()
}
