import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'

import test from 'ava'
import { parseExperiment, runExperiment } from 'ringback'
import type { ExperimentResults } from 'ringback'

// The experiments that come with the package, the results that are committed, and the tables in the texts about them.

const names = readdirSync('experiments')
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.slice(0, -'.yaml'.length))
const parse = (name: string) => {
  const file = `experiments/${name}.yaml`
  return parseExperiment(readFileSync(file, 'utf8'), { file })
}
const kept = (name: string) => JSON.parse(readFileSync(`experiments/results/${name}.json`, 'utf8')) as ExperimentResults

test('there are those of the thesis', (t) => {
  t.deepEqual(names, [
    'bonding-failover',
    'bonding-guarantee',
    'bonding-throughput',
    'bonding-unequal',
    'dynamic-rate',
    'guarantee',
    'io-factors',
    'nic-failure-under-guarantee',
    'oversubscription',
  ])
})

for (const name of names) {
  test(`${name}: the committed results are those of the file: tables, points, columns, seeds and claims`, (t) => {
    const experiment = parse(name)
    const results = kept(name)
    t.deepEqual(
      results.tables.map(({ rows, ...table }) => ({ ...table, rows: rows.map(({ labels }) => labels) })),
      experiment.tables.map(({ points, ...table }) => ({ ...table, rows: points.map(({ labels }) => labels) })),
    )
    const { seeds, cases, title, asks } = experiment
    t.like(results, { experiment: name, title, asks, seeds, cases, aborted: false })
    t.is(results.claims.length, experiment.claims.length)
    for (const [i, claim] of experiment.claims.entries()) t.like(results.claims[i], claim)
  })

  test(`${name}: all of its claims hold`, (t) => {
    const { claims, verdict } = kept(name)
    t.deepEqual(
      claims.filter(({ finding }) => finding !== 'holds').map(({ text }) => text),
      [],
    )
    if (name !== 'io-factors')
      t.true(verdict.endsWith(`: ${claims.length} of ${claims.length} claims hold`) && claims.length > 15)
  })
}

/** What is run anew: a table in a case of it. The test of io-factors runs a part of that. */
const parts: [name: string, table: string, inCase: string][] = [
  ['guarantee', 'policy', 'neighbours'],
  ['guarantee', 'policy', 'wake'],
  ['dynamic-rate', 'way', 'jumps'],
  ['dynamic-rate', 'way', 'beside'],
  ['oversubscription', 'policy', 'base'],
  ['nic-failure-under-guarantee', 'policy', 'base'],
  ['bonding-failover', 'monitor', 'out'],
  ['bonding-failover', 'monitor', 'tcp'],
  ['bonding-guarantee', 'policy', 'base'],
  ['bonding-throughput', 'mode', 'one'],
  ['bonding-unequal', 'mode', 'adaptive'],
]

for (const [name, tableName, inCase] of parts)
  test(`${name}, ${tableName}, ${inCase}: a fresh run of the first seed gives the committed figures, to the last digit`, async (t) => {
    const experiment = parse(name)
    const table = experiment.tables.find((each) => each.name === tableName)!
    const columns = table.columns.filter((column) => column.case === inCase)
    const [seed] = experiment.seeds
    const fresh = await runExperiment({
      ...experiment,
      seeds: [seed!],
      tables: [{ ...table, columns }],
      claims: [],
      verdict: [],
    })
    const rows = kept(name).tables.find((each) => each.name === tableName)!.rows
    t.true(columns.length > 2)
    for (const [i, { labels, figures }] of fresh.tables[0]!.rows.entries())
      for (const { measure } of columns)
        t.deepEqual(
          figures[inCase]![measure]?.samples,
          rows[i]!.figures[inCase]![measure]?.samples.slice(0, 1),
          `${labels.join()} ${measure}: node scripts/experiments.mjs`,
        )
  })

test('the texts have the tables and claims of the committed results', (t) => {
  t.notThrows(() => execFileSync(process.execPath, ['scripts/experiments.mjs', '--check'], { stdio: 'pipe' }))
})
