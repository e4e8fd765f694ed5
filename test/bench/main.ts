import { readdir } from 'node:fs/promises'

/** What a file in this folder exports: a measurement that prints its own table. */
type Bench = {
  readonly name: string
  /** Minutes and gigabytes: it runs only where it is named, and says here what it takes. */
  readonly heavy?: string
  /** Takes the flags that follow its name. */
  readonly run: (flags: string[]) => Promise<void> | void
}

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

/** Names for several: what a request is made of, in nanoseconds. */
const groups: Readonly<Record<string, readonly string[]>> = {
  micro: ['address', 'decision', 'index', 'accounting', 'presign'],
}

const args = process.argv.slice(2)
const firstFlag = args.findIndex((arg) => arg.startsWith('-'))
const named = firstFlag < 0 ? args : args.slice(0, firstFlag)
const wanted = named.flatMap((name) => groups[name] ?? [name])
const flags = firstFlag < 0 ? [] : args.slice(firstFlag)
const unknown = wanted.filter((name) => benches.every((bench) => bench.name !== name))
if (unknown.length > 0) fail(`no bench is called ${unknown.join(', ')}`)
if (flags.length > 0 && wanted.length !== 1) fail(`${flags.join(' ')} is for one bench by its name`)

// One after the other: two at once would measure each other.
for (const bench of benches) {
  const due = wanted.length === 0 ? bench.heavy === undefined : wanted.includes(bench.name)
  if (!due) continue
  console.log(`\n${bench.name}`)
  await bench.run(flags)
}

function fail(why: string): never {
  console.error(`${why}\n\nnpm run bench -- [NAME…] or NAME [--help], where NAME is one of`)
  for (const { name, heavy } of benches) {
    console.error(`  ${name.padEnd(12)} ${heavy === undefined ? '' : `only by name: ${heavy}`}`)
  }
  for (const [group, names] of Object.entries(groups)) {
    console.error(`  ${group.padEnd(12)} ${names.join(', ')}`)
  }
  process.exit(2)
}
