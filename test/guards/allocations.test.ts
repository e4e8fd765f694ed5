import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/**
 * What an answer from memory may leave to the garbage collector, in bytes: what it left when this was
 * last looked at. It is measured uncompiled, where every number and string is made anew, so compiled
 * code leaves about three quarters of it. Whoever needs more raises it here, and says in the commit
 * what it buys.
 */
const most = { hit: 3764, size: 3443, miss: 3249, manifest: 2528, version: 1904, refusal: 3120 }

// No compiler that leaves out objects in one run and not in another, and room enough that nothing is
// collected.
const flags = [
  '--no-opt',
  '--no-maglev',
  '--no-sparkplug',
  '--min-semi-space-size=256',
  '--max-semi-space-size=256',
]

test('an answer from memory leaves no more garbage than it did', () => {
  const program = join(import.meta.dirname, 'allocations.ts')
  const left = JSON.parse(execFileSync(process.execPath, [...flags, program], { encoding: 'utf8' }))
  expect(Object.keys(left)).toEqual(Object.keys(most))
  for (const [asked, bytes] of Object.entries(most)) {
    // Other versions of Node have objects of slightly other sizes.
    expect(left[asked], asked).toBeLessThan(bytes * 1.05)
    expect(left[asked], `${asked}: lower what it may leave`).toBeGreaterThan(bytes * 0.8)
  }
})
