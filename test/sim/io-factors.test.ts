import { readFileSync } from 'node:fs'

import test from 'ava'
import { parseExperiment, runExperiment } from 'ringback'
import type { ExperimentResults, MeasureName } from 'ringback'

// The experiment that comes with the package, the results that are committed, and the text about them.

const file = 'experiments/io-factors.yaml'
const experiment = parseExperiment(readFileSync(file, 'utf8'), { file })
const results = JSON.parse(readFileSync('experiments/results/io-factors.json', 'utf8')) as ExperimentResults
const rowsOf = (name: string) => results.tables.find((table) => table.name === name)!.rows

/** The mean of a figure of a row. */
function mean(table: string, label: string, name: string, measure: MeasureName): number {
  const row = rowsOf(table).find(({ labels }) => labels[0] === label)
  return row!.figures[name]![measure]!.mean
}
const isNear = (value: number, wanted: number, share: number) => Math.abs(value - wanted) <= share * wanted

test('a fresh run of the last value of each factor gives the committed figures, to the last digit', async (t) => {
  const [seed] = experiment.seeds
  // The burst of traffic has a longer run of its own: its first value stands for it.
  const chosen = experiment.tables
    .filter(({ factors }) => factors.length === 1)
    .map((table) => ({ ...table, points: [table.name === 'traffic' ? table.points[0]! : table.points.at(-1)!] }))
  const fresh = await runExperiment({ ...experiment, seeds: [seed!], tables: chosen })
  t.is(fresh.tables.length, 10)
  for (const { name, rows, columns } of fresh.tables)
    for (const { case: inCase, measure } of columns) {
      const kept = rowsOf(name).find(({ labels }) => labels[0] === rows[0]!.labels[0])!
      const where = `${name} ${kept.labels[0]} ${inCase} ${measure}: node scripts/experiments.mjs`
      const { samples } = rows[0]!.figures[inCase]![measure]!
      t.deepEqual(samples, kept.figures[inCase]![measure]!.samples.slice(0, 1), where)
    }
})

// The formulas of docs/io-factors.md: 300 ns a packet, 0.05 ns a byte, 1 us an event.
const fullNs = (bytes: number, batch: number) => 300 + 0.05 * bytes + 1000 / batch

test('full, a packet costs what the formula says, for every batch and for small frames of every size', (t) => {
  for (const { labels } of rowsOf('batch')) {
    const wanted = fullNs(64, Number(labels[0]))
    t.true(isNear(mean('batch', labels[0]!, 'full', 'nsPerPacket'), wanted, 0.005), labels[0])
    t.true(isNear(mean('batch', labels[0]!, 'full', 'packetRate'), 1e9 / wanted, 0.005), labels[0])
  }
  for (const bytes of [64, 128, 256])
    t.true(isNear(mean('size', String(bytes), 'full', 'packetRate'), 1e9 / fullNs(bytes, 64), 0.005), String(bytes))
  // A ring that one poll empties: an event to sleep with, and one to wake up by.
  for (const slots of [17, 32])
    t.true(isNear(mean('ring', String(slots), 'full', 'nsPerPacket'), fullNs(64, slots / 2), 0.005), String(slots))
})

test('full, large frames leave as fast as the wire goes', (t) => {
  for (const bytes of [512, 1024, 1514])
    t.true(isNear(mean('size', String(bytes), 'full', 'packetRate'), 10e9 / 8 / (bytes + 24), 0.002), String(bytes))
})

test('half, as many frames share a round as the formula says', (t) => {
  const rate = 1.5625e6
  for (const guests of [1, 2, 4, 8, 16]) {
    const roundSeconds = (guests * 2 * 1000e-9) / (1 - rate * 303.2e-9)
    const wanted = (rate * roundSeconds) / guests
    t.true(isNear(mean('spread', String(guests), 'half', 'packetsPerPoll'), wanted, 0.02), String(guests))
  }
})
