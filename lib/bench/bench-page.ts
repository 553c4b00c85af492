import { dotChart } from '../report/dot-chart.ts'
import { formatFigure, type Measured } from '../report/axis.ts'
import { lineChart } from '../report/line-chart.ts'
import { element, textElement } from '../report/markup.ts'
import { htmlPage } from '../report/page.ts'
import { foldedTable } from '../report/table.ts'
import { baselineName, type BenchGroup, formatRatio, groupRows, isRate, ratioToBaseline } from './baseline.ts'
import type { BenchmarkName, BenchResults, BenchRow } from './results.ts'

const titles: Readonly<Record<BenchmarkName, string>> = {
  rings: 'Rings: requests and their responses',
  copy: 'Grant copy',
  shaper: 'Credit shaper',
  bond: "A bond's decision",
  sim: 'Simulation',
  control: 'Controller: counters to rates',
}

/** Fewer sizes are no line. */
const leastLineSizes = 3

/** A page of charts that needs no other file: every group of rows of every benchmark, with its figures. */
export function benchPage(all: readonly BenchResults[]): string {
  const first = all[0]
  const body = [
    textElement('h1', {}, 'Ringback, measured'),
    ...(first ? [textElement('p', { class: 'about' }, describeRun(first))] : []),
    textElement(
      'p',
      { class: 'about' },
      'Marks are medians; bars go from the least to the most of the samples, and on beyond the chart where they end in an arrow. ' +
        'Only the ratios within one run mean something on another machine.',
    ),
    ...all.map(describeBenchmark),
  ]
  return htmlPage('Ringback, measured', body.join('\n'))
}

const describeRun = ({ machine, commit, date }: BenchResults): string =>
  `${machine.cpu}, ${machine.cores} cores, ${machine.os}, Node ${machine.node}; commit ${commit}, ${date.slice(0, 10)}`

function describeBenchmark(results: BenchResults): string {
  const { benchmark, rounds, rows, notes } = results
  const peers = [...new Set(rows.map(({ peer }) => peer))]
  const marks = new Map(peers.map((peer, i) => [peer, i]))
  return [
    textElement('h2', {}, titles[benchmark]),
    textElement('p', { class: 'about' }, `${rounds} rounds; all peers take turns in each`),
    ...groupRows(rows).map((group) => describeGroup(group, results, marks)),
    ...notes.map((note) => textElement('p', { class: 'about' }, `Note: ${note}`)),
  ].join('\n')
}

const measured = ({ median, min, max }: BenchRow): Measured => ({ value: median, low: min, high: max })

function describeGroup(group: BenchGroup, results: BenchResults, marks: ReadonlyMap<string, number>): string {
  const { job, unit, sizes } = group
  const better = isRate(group) ? 'more is better' : 'less is better'
  const caption = `${job}, ${unit} (${better})`
  const chart = sizes.length < leastLineSizes ? drawDots(group, results, marks) : drawLines(group, results, marks)
  const table = foldedTable('The figures', ...tableOf(group, results))
  return element('figure', {}, [textElement('figcaption', {}, caption), chart, table].join('\n'))
}

function drawLines(
  { job, unit, rows, peers }: BenchGroup,
  { benchmark, axis }: BenchResults,
  marks: ReadonlyMap<string, number>,
): string {
  return lineChart({
    title: `${benchmark}: ${job}, ${unit} by ${axis}`,
    xLabel: axis,
    yLabel: unit,
    series: peers.map((peer) => ({
      name: peer,
      mark: marks.get(peer) ?? 0,
      points: rows
        .filter((row) => row.peer === peer)
        .sort((a, b) => a.at - b.at)
        .map((row) => ({ x: row.at, ...measured(row) })),
    })),
  })
}

function drawDots(
  { job, unit, rows, sizes }: BenchGroup,
  { benchmark, axis }: BenchResults,
  marks: ReadonlyMap<string, number>,
): string {
  const groups = sizes.map((size) => ({
    heading: `${axis} ${size}`,
    rows: rows
      .filter(({ at }) => at === size)
      .map((row) => ({ name: row.peer, mark: marks.get(row.peer) ?? 0, ...measured(row) })),
  }))
  return dotChart({ title: `${benchmark}: ${job}, ${unit}`, label: unit, groups })
}

function tableOf({ rows, peers, sizes }: BenchGroup, results: BenchResults): [head: string[], rows: string[][]] {
  const { benchmark, axis, rows: all } = results
  const baseline = baselineName(benchmark, all)
  const cell = (peer: string, size: number): string => {
    const row = rows.find((candidate) => candidate.peer === peer && candidate.at === size)
    if (!row) return '-'
    const ratio = ratioToBaseline(benchmark, row, all)
    const text = `${formatFigure(row.median)} [${formatFigure(row.min)}-${formatFigure(row.max)}]`
    return ratio === undefined ? text : `${text} ${formatRatio(ratio)}`
  }
  const corner = baseline === undefined ? 'peer' : `peer (x: times faster than ${baseline})`
  return [
    [corner, ...sizes.map((size) => `${axis} ${size}`)],
    peers.map((peer) => [peer, ...sizes.map((size) => cell(peer, size))]),
  ]
}
