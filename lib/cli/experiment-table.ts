import { claimHead, claimRow } from '../experiment/claim-rows.ts'
import { describeFigure, describeSeeds } from '../experiment/figures.ts'
import type { ExperimentResults, ExperimentRow, ExperimentTableResults } from '../experiment/results.ts'
import { formatDuration } from '../units.ts'
import { colors, plainTable, widthOf } from './plain-table.ts'

type Column = ExperimentTableResults['columns'][number]

/** A wider table is one for each case. */
const mostWidth = 120

const figureOf = (row: ExperimentRow, column: Column): string =>
  describeFigure(column.unit, row.figures[column.case]?.[column.measure])

const labelOf = (label: string, isBase: boolean): string => colors.cyan(isBase ? `${label} (base)` : label)

/** A factor that is varied alone: a row a value, a column a measure. */
function describeFactor({ name, columns, rows }: ExperimentTableResults): string {
  const caseNames = [...new Set(columns.map((column) => column.case))]
  const hasCases = caseNames.length > 1
  const tableOf = (shown: readonly Column[], title: (column: Column) => string): string =>
    plainTable(
      [title === withCase ? `\n${name}` : name, ...shown.map(title)],
      rows.map((row) => [labelOf(row.labels[0]!, row.isBase), ...shown.map((column) => figureOf(row, column))]),
    )
  if (!hasCases) return tableOf(columns, alone)
  const whole = tableOf(columns, withCase)
  if (widthOf(whole) <= mostWidth) return whole
  const ofCase = (inCase: string): Column[] => columns.filter((column) => column.case === inCase)
  return caseNames.map((inCase) => `${inCase}\n\n${tableOf(ofCase(inCase), alone)}`).join('\n\n')
}

const alone = ({ title }: Column): string => title
const withCase = (column: Column): string => `${column.case}\n${column.title}`

/** Two factors: for each measure a table, the first factor downwards, the second across. */
function describePair({ factors, columns, rows }: ExperimentTableResults): string {
  const [down, across] = [0, 1].map((i) => [...new Set(rows.map(({ labels }) => labels[i]!))]) as [string[], string[]]
  const cell = (first: string, second: string, column: Column): string => {
    const row = rows.find(({ labels: [one, other] }) => one === first && other === second)
    return row ? figureOf(row, column) : '-'
  }
  const hasCases = new Set(columns.map((column) => column.case)).size > 1
  return columns
    .map((column) => {
      const heading = `${column.title}${hasCases ? `, ${column.case}` : ''}`
      const table = plainTable(
        [factors[0]!.name, ...across.map((label) => `${factors[1]!.name} ${label}`)],
        down.map((first) => [colors.cyan(first), ...across.map((second) => cell(first, second, column))]),
      )
      return `${heading}\n\n${table}`
    })
    .join('\n\n')
}

/** A table of an experiment, with its heading. */
export function describeTable(table: ExperimentTableResults): string {
  const heading = `${colors.bold(table.name)}: ${table.title}`
  if (table.rows.length === 0) return `${heading}\n\nnothing was finished\n`
  return `${heading}\n\n${table.factors.length > 1 ? describePair(table) : describeFactor(table)}\n`
}

/** What was to be shown, a claim a line. */
export const describeClaims = (claims: ExperimentResults['claims']): string =>
  plainTable(claimHead, claims.map(claimRow))

/** Everything that `ringback experiment` prints of an experiment. Without what depends on the machine's speed. */
export function describeExperiment(results: ExperimentResults): string {
  const { experiment, title, asks, cases, seeds, runs, simulatedSeconds, tables, claims, verdict } = results
  return [
    `${colors.bold(experiment)}: ${title}`,
    asks,
    '',
    `${runs} runs, ${formatDuration(simulatedSeconds * 1e9, { digits: 3 })} simulated; ${describeSeeds(seeds)}`,
    ...(cases.length > 1 ? cases.map((one) => `${one.name}: ${one.title}`) : []),
    '',
    ...tables.map(describeTable),
    ...(claims.length > 0 ? [`${describeClaims(claims)}\n`] : []),
    ...(verdict === '' ? [] : [`${colors.bold(experiment)}: ${verdict}\n`]),
  ].join('\n')
}
