import { baselineName, type BenchGroup, formatRatio, groupRows, ratioToBaseline } from '../bench/baseline.ts'
import type { BenchResults, BenchRow } from '../bench/results.ts'
import { colors, plainTable } from './plain-table.ts'

const figure = (value: number): string => Number(value.toPrecision(3)).toString()

function cell(row: BenchRow | undefined, { benchmark, rows }: BenchResults): string {
  if (!row) return '-'
  const ratio = ratioToBaseline(benchmark, row, rows)
  const text = `${figure(row.median)} [${figure(row.min)}-${figure(row.max)}]`
  return ratio === undefined ? text : `${text}\n${formatRatio(ratio)}`
}

function describeGroup({ job, unit, rows, peers, sizes }: BenchGroup, results: BenchResults): string {
  const table = plainTable(
    ['peer', ...sizes.map((size) => `${results.axis} ${size}`)],
    peers.map((peer) => [
      colors.cyan(peer),
      ...sizes.map((size) =>
        cell(
          rows.find((row) => row.peer === peer && row.at === size),
          results,
        ),
      ),
    ]),
  )
  return `${colors.bold(job)}, ${unit}\n\n${table}\n`
}

/** The tables of a benchmark, as `ringback bench` prints them. */
export function describeBench(results: BenchResults): string {
  const { benchmark, machine, rounds, rows, notes } = results
  const baseline = baselineName(benchmark, rows)
  return [
    `${benchmark}: ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; median [min-max] of ${rounds}`,
    ...(baseline === undefined ? [] : [`x: how many times faster than ${baseline} in the same run`]),
    '',
    ...groupRows(rows).map((group) => describeGroup(group, results)),
    ...notes.map((note) => `note: ${note}`),
    '',
  ].join('\n')
}
