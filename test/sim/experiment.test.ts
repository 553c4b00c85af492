import test from 'ava'
import { parseExperiment, runExperiment, simulate } from 'ringback'
import type { Estimate, ExperimentProgress, ExperimentResults, VifResults } from 'ringback'

import { smallExperiment } from '../lib/small-experiment.ts'

// What runExperiment() makes of a small experiment.

const experiment = parseExperiment(smallExperiment, { file: 'small.yaml' })
const byOneSeed = new Map<number, VifResults[]>()
const timeless = (results: ExperimentResults) => ({ ...results, wallSeconds: 0 })

test('every figure is that of its own runs', async (t) => {
  const { tables, runs, aborted, simulatedSeconds } = await runExperiment(experiment)
  t.false(aborted)
  t.deepEqual(
    tables.map(({ rows }) => rows.length),
    [3, 3, 2, 6],
  )
  // Three sizes, two numbers of guests beside the base's, one ring beside it, two pairs that are no size alone; two cases, two seeds.
  t.is(runs, (3 + 2 + 1 + 2) * 2 * 2)
  t.true(Math.abs(simulatedSeconds - runs * 0.005) < 1e-9)
  for (const [i, table] of tables.entries())
    for (const [j, row] of table.rows.entries()) {
      t.deepEqual(row.labels, experiment.tables[i]!.points[j]!.labels)
      for (const { case: name, measure } of table.columns) t.is(row.figures[name]![measure]?.samples.length, 2)
    }
  const [size] = tables
  const direct = await Promise.all(
    experiment.seeds.map((seed) => simulate({ ...experiment.tables[0]!.points[0]!.scenarios.full!, seed })),
  )
  const { throughput, loss } = size!.rows[0]!.figures.full!
  t.deepEqual(
    throughput?.samples,
    direct.map(({ vifs }) => Object.values(vifs).reduce((sum, { throughputBps }) => sum + throughputBps, 0)),
  )
  t.deepEqual(
    loss?.samples,
    direct.map(({ packets }) => packets.dropped / packets.offered),
  )
})

test('the base is marked in the tables that have it', async (t) => {
  const { tables } = await runExperiment(experiment)
  const marked = tables.map(({ rows }) => rows.filter(({ isBase }) => isBase).map(({ labels }) => labels.join('/')))
  t.deepEqual(marked, [['1500'], ['2'], ['short'], ['1500/short']])
})

test('the same experiment gives the same results, whatever else runs', async (t) => {
  const [first, second] = await Promise.all([runExperiment(experiment), runExperiment(experiment)])
  t.deepEqual(timeless(first), timeless(second))
})

test('the confidence interval of the mean is that of Student', async (t) => {
  const seeds = [1, 2, 3, 4, 5]
  const { tables } = await runExperiment({ ...experiment, seeds })
  const { mean, low, high, samples } = tables[0]!.rows[2]!.figures.half!.p99 as Estimate
  t.is(new Set(samples).size > 1, true)
  const middle = samples.reduce((sum, sample) => sum + sample, 0) / 5
  const deviation = Math.sqrt(samples.reduce((sum, sample) => sum + (sample - middle) ** 2, 0) / 4)
  const half = (2.776 * deviation) / Math.sqrt(5)
  t.true(Math.abs(mean - middle) < 1e-6 * middle)
  t.true(Math.abs(low - (middle - half)) < 1e-6 * middle && Math.abs(high - (middle + half)) < 1e-6 * middle)
})

test('one seed has no spread, and what nothing arrived of has no figure', async (t) => {
  const { tables } = await runExperiment({ ...experiment, seeds: [7] })
  const { mean, low, high } = tables[0]!.rows[0]!.figures.half!.p50!
  t.deepEqual([low, high], [mean, mean])
  const nothing = parseExperiment(smallExperiment.replace('duration: 5ms', 'duration: 1us'), { file: 'small.yaml' })
  const { tables: empty } = await runExperiment(nothing)
  t.is(empty[0]!.rows[2]!.figures.half!.p50, null)
})

test('progress rises to the number of runs, those that no table shows left out', async (t) => {
  const told: ExperimentProgress[] = []
  const partly = smallExperiment.replace('show: [fairness]', 'show: { full: [fairness] }')
  const { runs } = await runExperiment(parseExperiment(partly, { file: 'small.yaml' }), {
    onProgress: (progress) => told.push(progress),
  })
  t.true(told.every(({ total }) => total === runs))
  t.true(told.every(({ done }, i) => done >= (told[i - 1]?.done ?? 0) && done <= runs))
  t.is(told.at(-1)?.done, runs)
})

test('a signal keeps the rows that are done, and no half one', async (t) => {
  const whole = await runExperiment(experiment)
  const controller = new AbortController()
  const stopped = await runExperiment(experiment, {
    signal: controller.signal,
    onProgress: ({ done }) => done >= 7 && controller.abort(),
  })
  t.true(stopped.aborted)
  t.is(stopped.runs, 7)
  // The first size is done with both cases and seeds, and with it the same point of the pair.
  const rows = whole.tables.map((table, i) => (i === 0 || i === 3 ? table.rows.slice(0, 1) : []))
  t.deepEqual(
    stopped.tables.map((table) => table.rows),
    rows,
  )
})

test('a signal that was given before: nothing is run', async (t) => {
  const results = await runExperiment(experiment, { signal: AbortSignal.abort() })
  t.like(results, { aborted: true, runs: 0, simulatedSeconds: 0 })
})

test('arguments of wrong types are refused', async (t) => {
  for (const [wrong, options] of [
    [null, {}],
    [experiment, null],
    [experiment, { signal: {} }],
    [experiment, { onProgress: 3 }],
  ])
    await t.throwsAsync(() => runExperiment(wrong as never, options as never), { code: 'ERR_INVALID_ARGUMENT' })
})

test('onRun has each run once, with its row, case and seed', async (t) => {
  const seen: string[] = []
  const { runs, tables } = await runExperiment(experiment, {
    onRun: ({ table, labels, case: inCase, seed, results }) => {
      t.is(results.seed, seed)
      seen.push([table, ...labels, inCase, seed].join(' '))
    },
  })
  t.is(seen.length, runs)
  t.deepEqual(seen.slice(0, 5), [
    'size 64 full 1',
    'size 64 full 2',
    'size 64 half 1',
    'size 64 half 2',
    'size 256 full 1',
  ])
  t.is(tables.length, 4)
  await t.throwsAsync(runExperiment(experiment, { onRun: 1 as never }), { code: 'ERR_INVALID_ARGUMENT' })
})

test('what is measured over time is what the results say', async (t) => {
  const text = smallExperiment
    .replace('duration: 5ms', 'duration: 50ms\n  output: { interval: 5ms }')
    .replace('guest: { uplink: eth0 }', 'guest: { uplink: eth0, min: 300Mb/s }')
    .replace('[1, 2, 4]', '[1, 2, 3]')
    .replace('show: { full: [throughput, loss]', 'show: { full: [missing, shortTime, delivered, throughput]')
  const { tables } = await runExperiment(parseExperiment(text, { file: 'small.yaml' }), {
    onRun: ({ table, labels, case: inCase, seed, results }) => {
      if (table === 'size' && inCase === 'full' && labels[0] === '1500')
        byOneSeed.set(seed, Object.values(results.vifs))
    },
  })
  const { missing, shortTime, delivered, throughput } = tables[0]!.rows[2]!.figures.full!
  for (const [i, seed] of [1, 2].entries()) {
    const short = byOneSeed.get(seed)!.filter(({ minBps }) => minBps !== null)
    // Both offer more than their min all the time: as much is due to one as to the other.
    const mean = short.reduce((sum, { shortfall }) => sum + shortfall.ratio, 0) / short.length
    t.true(mean > 0.001 && Math.abs(missing!.samples[i]! - mean) < 1e-9, `${missing!.samples[i]} ${mean}`)
    t.true(shortTime!.samples[i]! >= Math.max(...short.map(({ shortfall }) => shortfall.seconds)) * 1e9 - 1)
    t.true(Math.abs(delivered!.samples[i]! / throughput!.samples[i]! - 1) < 1e-9)
  }
})
