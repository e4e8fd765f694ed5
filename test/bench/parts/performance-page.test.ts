import { expect, test } from 'vitest'
import { markdownTable, marksOf, replaceSection } from './performance-page.ts'

const [begin, end] = marksOf('address')

test('a section takes what a bench says, and all around it stays', () => {
  const page = `# Figures\n\n${begin}\n\nold\n\n${end}\n\nafter\n`
  const replaced = replaceSection(page, 'address', 'new')
  expect(replaced).toBe(`# Figures\n\n${begin}\n\nnew\n\n${end}\n\nafter\n`)
  expect(replaceSection(replaced, 'address', 'old')).toBe(page)
})

test.for([
  ['none', '# Figures\n'],
  ['an end alone', `${end}\n`],
  ['the end before the beginning', `${end}\n${begin}\n`],
])('a page with %s of the section is refused', ([, page]) => {
  expect(() => replaceSection(page!, 'address', 'new')).toThrow(`wanted ${begin}`)
})

test('names stand to the left and figures to the right, as the formatter pads them', () => {
  const table = markdownTable([
    ['', 'a second'],
    ['nearport', '9'],
    ['nginx, `return 307`', '12345 (1–2)'],
  ])
  expect(table.split('\n')).toEqual([
    '|                     |    a second |',
    '| ------------------- | ----------: |',
    '| nearport            |           9 |',
    '| nginx, `return 307` | 12345 (1–2) |',
  ])
})
