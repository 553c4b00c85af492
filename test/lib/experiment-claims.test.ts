import test from 'ava'
import { experimentPage, parseExperiment, RingbackError } from 'ringback'
import type { Estimate, ExperimentResults } from 'ringback'

import { built } from './built.ts'
import { smallExperiment } from './small-experiment.ts'

// What an experiment claims, whether it holds, and the sentence about it. Nothing is run here.

const { findingOf, judge } = await built<typeof import('../../lib/experiment/claims.js')>('experiment/claims')
const { describeVerdict } = await built<typeof import('../../lib/experiment/verdict.js')>('experiment/verdict')
const { estimate } = await built<typeof import('../../lib/experiment/estimate.js')>('experiment/estimate')
const { drawn, hasDraws } = await built<typeof import('../../lib/experiment/draws.js')>('experiment/draws')
const { describeExperiment } = await built<typeof import('../../lib/cli/experiment-table.js')>('cli/experiment-table')

const parse = (text: string) => parseExperiment(text, { file: 'small.yaml' })
const withClaims = (claims: string) => `${smallExperiment}${claims}`
const fail = (claims: string) => messageOf(() => parse(withClaims(claims))).replace(/^small\.yaml:\d+: /, '')
function messageOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof RingbackError && error.code === 'ERR_EXPERIMENT') return error.message
    throw error
  }
  return 'nothing was thrown'
}

test('a claim is one for each case and each row that it names', (t) => {
  const { claims } = parse(
    withClaims(`claims:
  - { measure: loss, case: full, at: { size: [64, 256] }, atMost: 1 % }
  - { measure: fairness, at: { guests: 4 }, atLeast: 0.5 }
  - { measure: p50, case: half, at: { size: 64, ring: long }, against: { ring: short }, atMost: 20us }
`),
  )
  t.deepEqual(
    claims.map(({ text, table, labels, against }) => [text, table, labels, against]),
    [
      ['64, full: lost at most 1.0 %', 'size', ['64'], undefined],
      ['256, full: lost at most 1.0 %', 'size', ['256'], undefined],
      ['4, full: fairness at least 0.5', 'guests', ['4'], undefined],
      ['4, half: fairness at least 0.5', 'guests', ['4'], undefined],
      ['64, long, half: p50 less that of 64, short at most 20us', 'size x ring', ['64', 'long'], ['64', 'short']],
    ],
  )
  t.deepEqual(
    claims.map(({ atMost, atLeast }) => atMost ?? atLeast),
    [0.01, 0.01, 0.5, 0.5, 20_000],
  )
})

const problems: [claim: string, message: RegExp][] = [
  ['{ measure: loss, case: full, at: { size: 65 }, atMost: 1 }', /^claims\[0\]\.at: there is no row "65"; /],
  [
    '{ measure: loss, case: full, at: { sizes: 64 }, atMost: 1 }',
    /^claims\[0\]\.at: there is no table "sizes"; did you mean "size"\?$/,
  ],
  [
    '{ measure: p99, case: full, at: { size: 64 }, atMost: 1 }',
    /^claims\[0\]\.measure: there is no column of size in full "p99"; .*; a claim is about what is shown$/,
  ],
  [
    '{ measure: loss, case: ful, at: { size: 64 }, atMost: 1 }',
    /^claims\[0\]\.case: there is no case "ful"; did you mean "full"\?$/,
  ],
  ['{ measure: loss, case: full, at: { size: 64 } }', /^claims\[0\]: write one limit: atMost or atLeast$/],
  ['{ measure: loss, case: full, at: { size: 64 }, atMost: 1, atLeast: 0 }', /^claims\[0\]: write one limit/],
  ['{ measure: loss, case: full, at: { size: 64 }, atMost: 5ms }', /^claims\[0\]\.atMost: "5ms" is not a part; /],
  ['{ measure: p99, case: half, at: { size: 64 }, atMost: 5 % }', /^claims\[0\]\.atMost: "5 %" is not a duration; /],
  ['{ measure: fairness, case: full, at: { guests: 1 }, atLeast: 1Gb/s }', /^claims\[0\]\.atLeast: write a number$/],
  [
    '{ measure: loss, case: full, at: { size: 64 }, against: { size: 1 }, atMost: 1 }',
    /^claims\[0\]\.against: there is no row "1"; /,
  ],
  ['{ measure: loss, at: { size: 64 }, atmost: 1 }', /^claims\[0\]\.atmost: unknown key; did you mean "atMost"\?$/],
]

for (const [claim, message] of problems)
  test(`a wrong claim: ${claim}`, (t) => t.regex(fail(`claims:\n  - ${claim}\n`), message))

test('a verdict names figures that tables show', (t) => {
  for (const figure of ['loss', 'loss, full', 'loss, half, 64', 'speed, full, 64', 'loss, full, 64, short, 1'])
    t.regex(fail(`verdict: it is {${figure}} here\n`), /^verdict: no table shows \{.*\}; write a figure as /, figure)
  t.is(parse(withClaims('verdict: lost {loss, full, 64} of {p50, half, 64, long}\n')).verdict.length, 5)
})

test('a claim holds where the whole interval does, and a mean alone is not enough', (t) => {
  const figure: Estimate = { mean: 10, low: 8, high: 12, samples: [9, 11] }
  const found = (limits: { atMost?: number; atLeast?: number }) => findingOf(figure, limits)
  t.deepEqual(
    [12, 11, 10, 9].map((atMost) => found({ atMost })),
    ['holds', 'mean only', 'mean only', 'fails'],
  )
  t.deepEqual(
    [8, 9, 10, 11].map((atLeast) => found({ atLeast })),
    ['holds', 'mean only', 'mean only', 'fails'],
  )
  t.is(findingOf(null, { atMost: 1 }), 'unknown')
})

/** Results of the small experiment with these samples as the loss of 64 and of 256, full. */
function made(claims: string, samples: [number[], number[]]): ExperimentResults {
  const experiment = parse(withClaims(claims))
  const tables = experiment.tables.map(({ points, ...table }) => ({
    ...table,
    rows: points.map(({ labels }, i) => ({
      labels,
      isBase: false,
      figures: { full: { loss: table.name === 'size' && samples[i] ? estimate(samples[i]) : null } },
    })),
  }))
  const judged = judge(experiment.claims, tables)
  const { name, title, asks, seeds, cases } = experiment
  return {
    schema: 'ringback.experiment/1',
    ...{
      experiment: name,
      title,
      asks,
      seeds,
      cases,
      aborted: false,
      runs: 1,
      simulatedSeconds: 1,
      wallSeconds: 1,
      tables,
    },
    claims: judged,
    verdict: describeVerdict(experiment.verdict, judged, tables),
  }
}

test('a difference is taken seed by seed: what both have in common drops out', (t) => {
  const { claims } = made(
    'claims: [{ measure: loss, case: full, at: { size: 64 }, against: { size: 256 }, atMost: -0.1 }]\n',
    [
      [0.1, 0.5],
      [0.3, 0.7],
    ],
  )
  t.is(claims[0]!.finding, 'holds')
  t.true(Math.abs(claims[0]!.figure!.high + 0.2) < 1e-12)
})

test('the verdict is a sentence with figures, then how many claims hold and which do not', (t) => {
  const two = `claims:
  - { measure: loss, case: full, at: { size: [64, 256, 1500] }, atMost: 10 % }
verdict: it loses {loss, full, 64}
`
  const { verdict } = made(two, [
    [0.01, 0.01],
    [0.05, 0.11],
  ])
  t.is(
    verdict,
    'it loses 1.0 %: 1 of 3 claims hold; not: 256, full: lost at most 10.0 % (only on average: it is 8.0 % ±476%, ' +
      'from -30.1 % to 46.1 %); 1500, full: lost at most 10.0 % (no figure)',
  )
  const worse = made(two, [
    [0.2, 0.2],
    [0, 0],
  ])
  t.regex(
    worse.verdict,
    /^it loses 20\.0 %: 1 of 3 claims hold; not: 64, full: lost at most 10\.0 % \(it is 20\.0 %\); 1500/,
  )
  t.is(made('verdict: nothing is claimed\n', [[0], [0]]).verdict, 'nothing is claimed')
  t.is(made('', [[0], [0]]).verdict, '')
})

test('claims and verdict are in what is printed and on the page', (t) => {
  const results = made('claims: [{ measure: loss, case: full, at: { size: 64 }, atMost: 10 % }]\nverdict: <so>\n', [
    [0.01, 0.03],
    [0],
  ])
  const printed = describeExperiment(results)
  t.regex(printed, /64, full: lost at most 10\.0 % +2\.0 % ±635% +-10\.7 % +14\.7 % +mean only/)
  t.regex(printed, /small: <so>: 0 of 1 claims holds; not: /)
  const page = experimentPage(results)
  t.regex(page, /&lt;so&gt;: 0 of 1 claims holds/)
  t.regex(page, /mean only/)
  t.false(experimentPage(made('', [[0], [0]])).includes('claims'))
})

test('a chart of long times is in seconds or milliseconds', async (t) => {
  const { chartScale } = await built<typeof import('../../lib/experiment/figures.js')>('experiment/figures')
  const labels = [9e6, 1e7, 9.9e8, 1e9].map((ns) => chartScale('ns', ns).label)
  t.deepEqual(labels, ['us', 'ms', 'ms', 's'])
  t.is(chartScale('b/s', 1e9).label, 'Mb/s')
})

test('values that are drawn depend on seed and place only', (t) => {
  const choices = Array.from({ length: 100 }, (_, i) => i)
  const value = { a: { oneOf: choices }, list: [{ oneOf: choices }, 7], plain: { oneOf: choices, more: 1 } }
  t.true(hasDraws(value))
  t.false(hasDraws({ plain: value.plain, none: { oneOf: [] }, list: [1, 'x', null] }))
  const one = drawn(value, 1) as typeof value
  t.deepEqual(one, drawn(value, 1))
  t.deepEqual(one.plain, value.plain)
  t.is(one.list[1], 7)
  t.deepEqual(one.a, drawn({ other: 1, a: value.a }, 1) && (drawn({ other: 1, a: value.a }, 1) as typeof value).a)
  const counts = new Map<unknown, number>()
  for (let seed = 0; seed < 3000; seed++) {
    const got = (drawn({ vifs: { g: { min: { oneOf: ['a', 'b', 'c'] } } } }, seed) as { vifs: { g: { min: string } } })
      .vifs.g.min
    counts.set(got, (counts.get(got) ?? 0) + 1)
  }
  for (const count of counts.values()) t.true(count > 850 && count < 1150, String(count))
})

test('drawn values make a scenario a seed, the same in every point', (t) => {
  const text = smallExperiment
    .replace(
      'rate: 600Mb/s, size: 1500 }\n    - { vif: db',
      'rate: { oneOf: [1Mb/s, 2Mb/s, 3Mb/s, 4Mb/s, 5Mb/s, 6Mb/s, 7Mb/s] }, size: 1500 }\n    - { vif: db',
    )
    .replace('seeds: 2', 'seeds: [1, 2, 3, 4, 5, 6]')
  const { tables } = parse(text)
  const ratesOf = (i: number) =>
    [...tables[0]!.points[i]!.drawn!.full!.values()].map(({ traffic }) =>
      traffic.map((source) => (source.kind === 'poisson' ? source.rateBps : 0)),
    )
  t.deepEqual(ratesOf(0), ratesOf(1))
  t.is(ratesOf(0).length, 6)
  t.true(new Set(ratesOf(0).map((rates) => rates.join())).size > 3)
  t.true(
    ratesOf(0).some(([one, other]) => one !== other),
    'copies draw for themselves',
  )
  const wrong = text.replace(/oneOf: \[.*?\]/, 'oneOf: [fast]')
  t.throws(() => parse(wrong), {
    code: 'ERR_SCENARIO',
    message: /^small\.yaml:12: base\.traffic\[0\]\.rate: "fast" is not a rate; /,
  })
})
