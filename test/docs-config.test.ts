import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseConfig } from '../src/config.ts'

const root = join(import.meta.dirname, '..')
const pages = globSync('{README.md,docs/*.md}', { cwd: root }).toSorted()

/** What a piece of a configuration stands in. */
const whole = {
  upstreams: [{ registry: 'https://registry.example.org', cloud: 'gcp' }],
  mirrors: [{ id: 'aws/us-east-1', bucket: 'images-us-east-1' }],
}

test('every piece of a configuration that the docs show is one that nearport takes', () => {
  const pieces = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/^```json\n(.*?)^```/gms)]
      .map((match) => match[1]!)
      // A bucket's policy is for the store to read.
      .filter((text) => !text.includes('"Effect"'))
      .map((text) => [page, text] as const),
  )
  expect(pieces.length).toBeGreaterThan(10)
  for (const [page, text] of pieces) {
    const piece = JSON.parse(text.startsWith('{') ? text : `{${text}}`) as object
    const file = 'registry' in piece ? { upstreams: [piece] } : piece
    expect(() => parseConfig({ ...whole, ...file }, page), text).not.toThrow()
  }
})
