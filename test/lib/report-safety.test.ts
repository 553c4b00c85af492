import test from 'ava'
import { resultsPage } from 'ringback'
import type { SavedResults } from 'ringback'

import { checkMarkup, has, hasNo } from './page-text.ts'
import { makeResults } from './made-results.ts'

// What the report does with hostile and with long results, and what people can see of it.

const hostile = `</script><script>alert(1)</script>"'&<img src=x onerror=alert(1)>`

/** Results with markup for every text. */
function hostileResults(): SavedResults {
  const results = makeResults({ vifs: 2 })
  const renamed = <T>(record: Record<string, T>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [`${name}${hostile}`, value]))
  const vifs = renamed(results.vifs)
  for (const vif of Object.values(vifs)) vif.fault = hostile
  return {
    ...results,
    scenario: hostile,
    traceHash: hostile,
    vifs,
    nics: renamed(results.nics),
    uplinks: renamed(results.uplinks),
    bridges: { [hostile]: { learned: 1, moved: 0, refused: 0, flooded: 0 } },
    changes: [{ seconds: 1, vif: `web${hostile}`, key: 'min', from: hostile as 'up', to: hostile as 'down' }],
    series: { ...results.series, vifs: renamed(results.series.vifs), nics: renamed(results.series.nics) },
  }
}

for (const runs of [1, 2])
  test(`every text of results is escaped: ${runs} of them`, (t) => {
    const all = Array.from({ length: runs }, () => ({ results: hostileResults(), source: hostile }))
    const page = resultsPage(all)
    t.true(page.includes('&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;&lt;img'))
    t.is(page.split('<script>').length, 2, "the page's own script")
    t.is(page.split('</script>').length, 2)
    checkMarkup(t, page)
    const bare = page.replace(/="[^"]*"/g, '=""')
    hasNo(t, bare, /<img|<[^>]* on[a-z]+=/)
  })

test('characters that turn text around or that no page may hold are replaced', (t) => {
  const results = { ...makeResults({ vifs: 1 }), scenario: 'a\u202eb\u0000c\u2066d\u009fe' }
  has(t, resultsPage([{ results }]), /<h1>a\ufffdb\ufffdc\ufffdd\ufffde<\/h1>/)
})

test('names that are words of JavaScript are names', (t) => {
  const results = makeResults({ vifs: 1 })
  const named = <T>(value: T): Record<string, T> =>
    JSON.parse(JSON.stringify({ constructor: value, toString: value })) as Record<string, T>
  const page = resultsPage([
    {
      results: {
        ...results,
        vifs: named(results.vifs.web!),
        series: { ...results.series, vifs: named(results.series.vifs.web!) },
      },
    },
  ])
  has(t, page, /<title>Throughput over time: constructor<\/title>/)
  hasNo(t, page, /native code/)
})

test('the page needs no network and no other file', (t) => {
  const page = resultsPage([{ results: makeResults() }])
  hasNo(t, page, /https?:|src=|href="(?!#)|@import|@font-face|url\(|<link|<iframe|fetch\(|XMLHttpRequest/)
})

test('60,000 samples: the page stays below a megabyte and no peak is lost', (t) => {
  const made = [
    makeResults({ vifs: 12, samples: 60_000 }),
    makeResults({ vifs: 12, samples: 60_000, policy: 'credit' }),
  ]
  const web = made[0]!.series.vifs.web!
  web.throughputBps = web.throughputBps.map((bps, i) => (i === 31_415 ? 0 : bps))
  const page = resultsPage(made.map((results) => ({ results })))
  t.true(page.length < 1_000_000, `${page.length} bytes`)
  const chart = page.split('<title>Throughput over time: web, adaptive</title>')[1]!
  const path = /<path d="([^"]+)" class="line main /.exec(chart)![1]!
  t.true(path.length < 10_000, `${path.length} characters`)
  const { x, y } = pointsOf(path).find((point) => point.y === Math.max(...pointsOf(path).map((other) => other.y)))!
  t.is(y, 124, 'the one sample of nothing reaches the bottom')
  t.true(Math.abs(x / 304 - 31_415 / 60_000) < 1 / 304, `at ${x}`)
})

/** The corners of a path of `M x y`, `v` and `h`. */
function pointsOf(path: string): { x: number; y: number }[] {
  const points: { x: number; y: number }[] = []
  let at = { x: 0, y: 0 }
  for (const [, command, first, second] of path.matchAll(/([Mhv])(-?[\d.]+)(?: (-?[\d.]+))?/g)) {
    if (command === 'M') at = { x: Number(first), y: Number(second) }
    else at = { x: at.x + (command === 'h' ? Number(first) : 0), y: at.y + (command === 'v' ? Number(first) : 0) }
    points.push(at)
  }
  return points
}

test('few samples are drawn as they are: steps at their times, gaps where there is no value', (t) => {
  const results = makeResults({ vifs: 1, samples: 4, seconds: 4, changes: [] })
  const series = results.series.vifs.web!
  series.throughputBps = [0, 400e6, 200e6, 200e6]
  series.receiveBps = [0, 0, 0, 0]
  series.allocationBps = [100e6, null, null, 300e6]
  const page = resultsPage([{ results }])
  const pathOf = (mark: number): string =>
    new RegExp(`<path d="([^"]*)" class="line (?:main )?mark${mark}"`).exec(page)![1]!
  // A plot is 304 wide and 124 high; the axis ends at 400 Mb/s or above.
  t.deepEqual(
    pointsOf(pathOf(0)).map(({ x }) => x),
    [0, 76, 76, 152, 152, 304],
  )
  const [zero, , high, , middle] = pointsOf(pathOf(0)).map(({ y }) => y)
  t.true(Math.abs(zero! - high! - 2 * (zero! - middle!)) <= 1)
  t.deepEqual(
    pointsOf(pathOf(1)).map(({ x }) => x),
    [0, 76, 228, 304],
    'a gap of two samples',
  )
})

test('results without a sample, a vif, a NIC or any time', (t) => {
  const empty = makeResults({ vifs: 1, samples: 0, seconds: 0 })
  const none = { ...empty, vifs: {}, nics: {}, uplinks: {}, series: { ...empty.series, vifs: {}, nics: {} } }
  for (const results of [empty, none, makeResults({ vifs: 1, samples: 1 })])
    for (const runs of [1, 2]) {
      const page = resultsPage(Array.from({ length: runs }, () => ({ results })))
      hasNo(t, page, /NaN|undefined|Infinity/)
    }
})

const luminance = (hex: string): number => {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
const contrast = (one: string, other: string): number => {
  const [bright, dim] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number]
  return (bright + 0.05) / (dim + 0.05)
}

test("colours have WCAG's contrasts, light and dark", (t) => {
  t.true(Math.abs(contrast('#000000', '#ffffff') - 21) < 0.01)
  const page = resultsPage([{ results: makeResults() }])
  const themes = [...page.matchAll(/:root \{ (?:color-scheme: light dark; )?(--ink[^}]*)\}/g)].map(([, text]) =>
    Object.fromEntries([...text!.matchAll(/--(\w+): (#[0-9a-f]{6});/g)].map(([, name, color]) => [name!, color!])),
  )
  t.is(themes.length, 2)
  for (const colors of themes) {
    const { ink, soft, paper, panel, alarm, mark0 } = colors as Record<string, string>
    for (const ground of [paper!, panel!])
      for (const text of [ink!, soft!]) t.true(contrast(text, ground) >= 4.5, `${text} on ${ground}`)
    for (const text of [alarm!, mark0!]) t.true(contrast(text, paper!) >= 4.5, `${text} on ${paper!}`)
    const marks = Object.entries(colors).filter(([name]) => name.startsWith('mark'))
    t.is(marks.length, 14)
    for (const [name, color] of marks) t.true(contrast(color, paper!) >= 3, `${name}: ${contrast(color, paper!)}`)
  }
})
