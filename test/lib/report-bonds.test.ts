import test from 'ava'
import { parseResults, resultsPage } from 'ringback'

import { withBond } from './made-bonds.ts'
import { makeResults } from './made-results.ts'
import { checkMarkup, has, hasNo } from './page-text.ts'

// What the report says of bonds.

const made = () => makeResults({ vifs: 2 })
const plain = resultsPage([{ results: made() }])
const page = resultsPage([{ results: withBond(made()) }])
const chart = page.split('<title>What the bond carried over time: bond0</title>')[1]!.split('<details>')[0]!

test('a run without bonds has no word about them', (t) => {
  hasNo(t, plain, /[Bb]onds?\b/)
})

test('a bond has a chart: what it carries, its NICs, which is in use, the changes of its NICs', (t) => {
  checkMarkup(t, page)
  hasNo(t, page, /NaN|undefined|Infinity|\[object/)
  has(t, page, /<h2 id="bonds-title">Bonds over time<\/h2>/)
  const names = [...chart.matchAll(/<text [^>]*>([a-z0-9 ]+?)(?: ↑)?<\/text>/g)].map(([, name]) => name!)
  for (const name of ['carries', 'eth0', 'eth1', 'in use']) t.true(names.includes(name), name)
  t.is([...chart.matchAll(/class="mark"/g)].length, 3, 'the link went, came, and was slower')
  const dashes = [...chart.matchAll(/class="line [^"]*" stroke-dasharray="([^"]+)"/g)].map(([, dash]) => dash)
  t.is(new Set(dashes).size, 3)
  has(t, page, /active-backup, 1 failover, 42 reordered, 7 dropped/)
})

test('a mode that uses all NICs shows how many are up', (t) => {
  const all = resultsPage([{ results: withBond(made(), { mode: 'balance-xor', activeNic: null }) }])
  has(t, all, />2 of 2</)
  hasNo(t, all, />in use<\/text>/)
})

test('the table of bonds, and what differs between two runs', (t) => {
  const cells = page.split('<caption>Bonds</caption>')[1]!.split('</table>')[0]!
  t.deepEqual([...cells.matchAll(/<t[dh](?: scope="row")?>([^<]*)<\/t[dh]>/g)].map(([, cell]) => cell).slice(-12), [
    'bond0',
    'active-backup',
    '500Mb/s',
    '1 of 2',
    'eth1',
    '123,456',
    '185.2MB',
    '7',
    '5',
    '42',
    '1',
    '3',
  ])
  const both = resultsPage([
    { results: withBond(made()) },
    { results: { ...withBond(made(), { reordered: 84 }), policy: 'reserved' as const } },
  ])
  checkMarkup(t, both)
  const differences = both.split('each bond</caption>')[1]!.split('</table>')[0]!
  has(t, differences, /<td>42<\/td><td>84<\/td><td>\+100 %<\/td>/)
})

test('one of two runs has no such bond', (t) => {
  const both = resultsPage([{ results: withBond(made()) }, { results: { ...made(), policy: 'credit' as const } }])
  has(t, both, /<strong>credit<\/strong> has no such bond/)
})

test('results of before bonds are read; columns have the length of the times', (t) => {
  const old = structuredClone(made()) as unknown as { series: { bonds?: unknown } }
  delete old.series.bonds
  t.deepEqual(parseResults(JSON.stringify(old)), made())
  const short = structuredClone(withBond(made()))
  short.series.bonds.bond0!.upNics.pop()
  t.throws(() => parseResults(JSON.stringify(short)), {
    message: /series\.bonds\.bond0\.upNics: has 199 values for 200 times; /,
  })
})
