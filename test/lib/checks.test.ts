import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'

import test from 'ava'

// The tables of test/mutations, without running them: what they name must still be there.

interface Mutation {
  file: string
  /** A text that the file has once, in which `find` is looked for. */
  in?: string
  find: string
  replace: string
  what: string
  test: string
}
interface Table {
  title: string
  rows: { row: string; notApplicable?: string; mutations?: Mutation[] }[]
}

const folder = 'test/mutations'
const tables = readdirSync(folder).map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as Table)
const rows = tables.flatMap((table) => table.rows)
const mutations = rows.flatMap((row) => row.mutations ?? [])
const count = (whole: string, part: string): number => whole.split(part).length - 1

test('every mutation finds its place in the code, once', (t) => {
  const wrong = mutations.filter(({ file, in: place, find }) => {
    const source = readFileSync(file, 'utf8')
    return place === undefined ? count(source, find) !== 1 : count(source, place) !== 1 || count(place, find) !== 1
  })
  t.deepEqual(wrong, [])
  t.true(mutations.length > 200)
})

test('every mutation names a test case that exists', (t) => {
  const sources = ['test/native', 'test/conformance', 'test/model'].flatMap((below) =>
    readdirSync(below, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('_test.cc'))
      .map((name) => readFileSync(path.join(below, name), 'utf8')),
  )
  const missing = mutations.filter(({ test: name }) => !sources.some((source) => source.includes(`"${name}"`)))
  t.deepEqual(missing, [])
})

test('every row has a mutation or says why not, and docs/checks.md has them all', (t) => {
  t.deepEqual(
    rows.filter((row) => (row.mutations ?? []).length === 0 && row.notApplicable === undefined),
    [],
  )
  const page = readFileSync('docs/checks.md', 'utf8')
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
  t.deepEqual(
    rows.filter(({ row }) => !page.includes(`| ${cell(row)} |`)),
    [],
  )
  t.true(page.includes(`${rows.length} rows, ${mutations.length} mutations`))
  t.regex(page, new RegExp(`, ${mutations.length} killed;`))
})
