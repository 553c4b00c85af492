import test from 'ava'
import { resultsPage } from 'ringback'
import type { SavedResults } from 'ringback'

import { has, hasNo } from './page-text.ts'
import { makeResults, type MadeOptions } from './made-results.ts'

// The report as text. What a browser makes of it: report-browser.test.ts.

const pageOf = (...all: MadeOptions[]): string => resultsPage(all.map((options) => ({ results: makeResults(options) })))
const countOf = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length

test('a chart a vif and NIC, one of latencies, each with a name, a description and a table', (t) => {
  const page = pageOf({ vifs: 4 })
  const charts = [...page.matchAll(/<svg viewBox[^]*?<\/svg>\n?(?=<details)/g)].map(([chart]) => chart)
  t.is(charts.length, 4 + 1 + 1)
  for (const chart of charts) t.regex(chart, /^<svg [^>]*role="img"[^>]*><title>[^<]+<\/title>\n<desc>[^<]+<\/desc>/)
  t.is(countOf(page, /<details>/g), charts.length)
  t.is(
    countOf(page, /<th scope="row">/g),
    countOf(page, /<tr[ >]/g) - countOf(page, /<thead>/g) - countOf(page, /<tr class="groups">/g),
  )
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!)
  t.is(new Set(ids).size, ids.length, 'an id is there once')
  for (const [, target] of page.matchAll(/ (?:href="#|aria-labelledby="|for=")([^"]+)"/g))
    t.true(ids.includes(target!), target)
  hasNo(t, page, /NaN|undefined|Infinity|\[object/)
})

test('what is drawn: what was sent and offered, the min, the cap, the allocation, busyness, link and changes', (t) => {
  const page = pageOf({ vifs: 5, hasReceived: true })
  const chartOf = (name: string): string =>
    page.split(`<title>Throughput over time: ${name}</title>`)[1]!.split('<details>')[0]!
  const namesIn = (chart: string): string[] =>
    [...chart.matchAll(/<text [^>]*>([a-z]+)(?: ↑)?<\/text>/g)].map(([, name]) => name!)
  t.deepEqual(namesIn(chartOf('web')).sort(), ['allocated', 'busy', 'min', 'offered', 'received', 'sent'])
  t.deepEqual(namesIn(chartOf('batch-1')).sort(), ['allocated', 'busy', 'cap', 'offered', 'received', 'sent'])
  t.is(countOf(chartOf('web'), /class="mark"/g), 4, 'three of the NIC and one of its own')
  t.is(countOf(chartOf('batch-1'), /class="mark"/g), 4)
  t.is(countOf(chartOf('batch-2'), /class="mark"/g), 3)
  has(t, chartOf('web'), /<path d="M[^"]+z" class="alarm"/, 'what is lacking is shaded')
  has(t, chartOf('batch-2'), /<path d="" class="alarm"/)
  const nic = page.split('<title>Use of the NIC over time: eth0</title>')[1]!
  has(t, nic, /<path d="M[^"]+z" class="out"/)
  has(t, nic, />1Gb\/s<[^]*>500Mb\/s</)
})

test('credit draws no allocation: it is the cap', (t) => {
  const credit = pageOf({ policy: 'credit' })
  hasNo(t, credit, />allocated</)
  has(t, credit, />cap ↑</)
})

test('lines that are drawn together differ in their dashes, not in colour alone', (t) => {
  const page = pageOf({ vifs: 5, hasReceived: true })
  for (const chart of page.split('<title>Throughput').slice(1)) {
    const [plot] = chart.split('</svg>')
    const dashes = [...plot!.matchAll(/class="line [^"]*" stroke-dasharray="([^"]+)"/g)].map(([, dash]) => dash)
    t.true(dashes.length >= 4)
    t.is(new Set(dashes).size, dashes.length)
  }
})

const unescape = (text: string): string =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('\u00a0', ' ')

test('the verdict: minimums kept or by how much missed, drops, NIC use', (t) => {
  const results = makeResults({ vifs: 1 })
  const web = results.vifs.web!
  const verdictOf = (changed: Partial<SavedResults>): string => {
    const page = resultsPage([{ results: { ...results, ...changed } }])
    return unescape(/<p class="(verdict[^"]*)">([^<]*)<\/p>/.exec(page)!.slice(1).join('|'))
  }
  const withWeb = (changed: Partial<typeof web>): string => verdictOf({ vifs: { web: { ...web, ...changed } } })
  const missed = /^verdict missed\|The minimum was missed: web lacked 20\.7 % of what it promised, over 14s\. /
  t.regex(withWeb({ shortfall: { ratio: 0.2074, seconds: 14 } }), missed)
  t.regex(withWeb({ shortfall: { ratio: 0.0009, seconds: 0.1 } }), /^verdict kept\|The minimum of web was kept\. /)
  t.regex(
    withWeb({ minBps: null, shortfall: { ratio: 0, seconds: 0 } }),
    /^verdict\|No vif has a guaranteed minimum\. /,
  )
  t.regex(withWeb({ fault: 'ring-overflow' }), / At the end web was disabled \(ring-overflow\)\. /)
  t.regex(withWeb({ carrier: false }), / At the end web had lost its carrier\. /)
  t.regex(verdictOf({ aborted: true }), /\|The run was stopped at 20s, before its end\. /)
  t.regex(verdictOf({ packets: { ...results.packets, dropped: 0 } }), / No packet was dropped\. /)
  t.regex(
    verdictOf({ packets: { ...results.packets, dropped: 1 } }),
    / 1 packet \(< 0\.1 % of what was offered\) was dropped, all of them for the cause "backlog"\. /,
  )
  t.regex(verdictOf({}), / For 1s eth0 could carry less than the minimums on it, which were scaled down\. /)
  t.regex(
    verdictOf({}),
    / eth0 sent for \S+ % of the time \(its link was down for 1s\); 1,234 packets found its link down\.$/,
  )
})

test('the verdict of many: the worst first, then how many more', (t) => {
  const page = unescape(pageOf({ vifs: 64 }))
  has(t, page, /All 16 minimums were missed: batch-\d+ lacked 9\d\.\d % for \S+s, .*, .* and 13 more\. /)
})

test('above 12 vifs the worst are drawn, and all are in the table', (t) => {
  const page = pageOf({ vifs: 64 })
  t.is(countOf(page, /<title>Throughput over time: /g), 12)
  has(t, page, /The 12 worst of 64 vifs; the tables have all\./)
  hasNo(t, page, /<title>Throughput over time: batch-1</, 'it has no min')
  for (let i = 1; i < 64; i++) t.true(page.includes(`<tr><th scope="row">batch-${i}</th>`))
})

test('beside one another: the same axes, the differences, what each run lacks', (t) => {
  const page = pageOf({ policy: 'credit' }, { policy: 'reserved', seconds: 10, vifs: 5 })
  has(t, page, /<h1>guarantee: credit and reserved<\/h1>/)
  t.is(countOf(page, / class="verdict/g), 2)
  t.is(countOf(page, /<title>Throughput over time: /g), 4 + 5)
  has(t, page, /<strong>credit<\/strong> has no such vif/)
  const ends = new Set([...page.matchAll(/data-seconds="([^"]+)"/g)].map(([, seconds]) => seconds))
  t.deepEqual([...ends], ['20'], 'the time axis is that of the longest run')
  const axesOf = (name: string): string[] =>
    page
      .split(`<title>Throughput over time: ${name}, `)
      .slice(1)
      .map((chart) => [...chart.split('</svg>')[0]!.matchAll(/>([^<]+b\/s)</g)].map(([, tick]) => tick).join())
  for (const name of ['web', 'batch-1']) {
    t.is(axesOf(name).length, 2)
    t.is(axesOf(name)[0], axesOf(name)[1])
  }
  has(t, page, /<caption>reserved against credit: each vif<\/caption>/)
  has(t, page, /<caption>reserved against credit: each NIC<\/caption>/)
  has(t, page, /<tr><th scope="row">batch-4<\/th><td>-<\/td><td>\S+b\/s<\/td><td>-<\/td>/)
})

test('differences: of the baseline, of shares in points', (t) => {
  const results = makeResults({ vifs: 1, policy: 'credit' })
  const web = results.vifs.web!
  const other = {
    ...results,
    policy: 'adaptive' as const,
    vifs: {
      web: {
        ...web,
        throughputBps: web.throughputBps * 1.25,
        shortfall: { ratio: 0.01, seconds: 1 },
        droppedPackets: 0,
      },
    },
  }
  const baseline = { ...results, vifs: { web: { ...web, shortfall: { ratio: 0.21, seconds: 1 } } } }
  const page = resultsPage([{ results: baseline }, { results: other }])
  const row = page.split('adaptive against credit: each vif')[2]!.split('</table>')[0]!
  const cells = [...row.matchAll(/<td>([^<]*)<\/td>/g)].map(([, cell]) => unescape(cell!))
  t.deepEqual(
    [cells[2], ...cells.slice(3, 6), cells[8], cells[11]],
    ['+25.0 %', '21.0 %', '1.0 %', '−20.0 points', '−100 %', '='],
  )
})

test('runs are told apart by the first thing that differs', (t) => {
  const titleOf = (all: readonly { options: MadeOptions; source?: string }[]): string =>
    /<h1>([^<]*)/.exec(
      resultsPage(all.map(({ options, source }) => ({ results: makeResults(options), ...(source && { source }) }))),
    )![1]!
  t.is(titleOf([{ options: { policy: 'credit' } }, { options: {} }]), 'guarantee: credit and adaptive')
  t.is(titleOf([{ options: { scenario: 'a' } }, { options: { scenario: 'b' } }]), 'a and b')
  t.is(titleOf([{ options: { seed: 1 } }, { options: { seed: 2 } }]), 'guarantee: seed 1 and seed 2')
  t.is(
    titleOf([
      { options: {}, source: 'x' },
      { options: {}, source: 'y' },
    ]),
    'guarantee: x and y',
  )
  t.is(
    titleOf([
      { options: {}, source: 'x' },
      { options: {}, source: 'x' },
    ]),
    'guarantee: 1: x and 2: x',
  )
})

test('changes: by time, numbered, the same one of several runs once, no more rows than are read', (t) => {
  const page = pageOf(
    { policy: 'credit' },
    { policy: 'adaptive', changes: [{ seconds: 12, nic: 'eth0', key: 'link', from: 'up', to: 'down' }] },
  )
  has(
    t,
    page,
    /<tr><th scope="row">1<\/th><td>12s<\/td><td>NIC eth0<\/td><td>link<\/td><td>up<\/td><td>down<\/td><td>credit, adaptive<\/td><\/tr>/,
  )
  has(
    t,
    page,
    /<th scope="row">5<\/th><td>17s<\/td><td>vif batch-1<\/td><td>cap<\/td><td>none<\/td><td>600Mb\/s<\/td><td>credit<\/td>/,
  )
  const many = Array.from({ length: 10_000 }, (_, i) => ({
    seconds: (i * 20) / 10_000,
    vif: 'web',
    key: 'weight' as const,
    from: i,
    to: i + 1,
  }))
  const crowded = pageOf({ changes: many })
  has(t, crowded, /\.\.\. and 9,800 more changes; results\.json has all/)
  t.true(countOf(crowded, /class="mark"/g) <= 310, 'no more marks than columns of the screen')
  hasNo(t, pageOf({ changes: [] }), /id="changes"/)
  const exact = pageOf({ changes: [{ seconds: 1.0055, nic: 'eth0', key: 'link', from: 'up', to: 'down' }] })
  has(t, exact, /<td>1\.0055s<\/td>/)
})
