import type { Measured } from '../report/axis.ts'
import { dotChart } from '../report/dot-chart.ts'
import { lineChart } from '../report/line-chart.ts'
import { element, textElement } from '../report/markup.ts'
import { htmlPage } from '../report/page.ts'
import { foldedTable } from '../report/table.ts'
import type { Estimate } from './estimate.ts'
import { claimHead, claimRow } from './claim-rows.ts'
import { chartScale, describeFigure, describeSeeds } from './figures.ts'
import type { ExperimentResults, ExperimentRow, ExperimentTableResults } from './results.ts'
import type { ExperimentColumn } from './tables.ts'

/** Fewer values are no line. */
const leastLinePoints = 3

/** One line of a chart: a case, or, where two factors are varied, a value of the second. */
interface Series {
  name: string
  /** Its look: that of its case in every chart, of its case and value where two factors are varied. */
  mark: number
  /** By the value of the first factor, those that were measured. */
  points: { label: string; figure: Estimate }[]
}

/** A page of charts that needs no other file: a chart for each measure of each table, with its figures. */
export function experimentPage(results: ExperimentResults): string {
  const { experiment, title, asks, cases, seeds, tables, aborted, claims, verdict } = results
  const about = (text: string): string => textElement('p', { class: 'about' }, text)
  const body = [
    textElement('h1', {}, title),
    about(asks),
    ...(verdict === '' ? [] : [element('p', { class: 'about' }, textElement('strong', {}, verdict))]),
    ...(claims.length > 0 ? [foldedTable('The claims', claimHead, claims.map(claimRow))] : []),
    about(`Experiment ${experiment}: ${describeSeeds(seeds)}; marks are means, bars their confidence intervals.`),
    ...cases.map((one) => about(`${one.name}: ${one.title}`)),
    ...(aborted ? [about('It was stopped before its end: rows are missing.')] : []),
    ...tables.map((table) =>
      drawTable(
        table,
        cases.map((one) => one.name),
      ),
    ),
  ]
  return htmlPage(title, body.join('\n'))
}

function drawTable(table: ExperimentTableResults, allCases: readonly string[]): string {
  const { name, title, columns } = table
  const shown = columns.filter(({ measure }, i) => columns.findIndex((each) => each.measure === measure) === i)
  const heading = textElement('h2', {}, `${name}: ${title}`)
  if (table.rows.length === 0) return `${heading}\n${textElement('p', { class: 'about' }, 'Nothing was finished.')}`
  return [heading, ...shown.map((column) => drawMeasure(column, table, allCases)), figuresOf(table)].join('\n')
}

function drawMeasure(
  { measure, title: what, unit: measured }: ExperimentColumn,
  table: ExperimentTableResults,
  allCases: readonly string[],
): string {
  const series = seriesOf(measure, table, allCases)
  const largest = Math.max(0, ...series.flatMap(({ points }) => points.map(({ figure }) => figure.high)))
  const { factor, label } = chartScale(measured, largest)
  const words = label === '' ? what : `${what}, ${label}`
  const scaled = ({ mean, low, high }: Estimate): Measured => ({
    value: mean * factor,
    low: low * factor,
    high: high * factor,
  })
  if (series.length === 0) return ''
  const unit = commonUnit(series.flatMap(({ points }) => points.map((point) => point.label)))
  const isLine = unit !== undefined && series.some(({ points }) => points.length >= leastLinePoints)
  const xLabel = `${table.factors[0]!.title}${unit ? `, ${unit}` : ''}`
  const title = `${table.name}: ${words} by ${xLabel}`
  const chart = isLine
    ? lineChart({
        title,
        xLabel,
        yLabel: words,
        series: series.map(({ name: each, mark, points }) => ({
          name: each,
          mark,
          points: points
            .map(({ label: x, figure }) => ({ x: Number.parseFloat(x), ...scaled(figure) }))
            .sort((a, b) => a.x - b.x),
        })),
      })
    : dotChart({
        title,
        label: words,
        groups: series.map(({ name: each, mark, points }) => ({
          heading: each,
          rows: points.map(({ label: row, figure }) => ({ name: row, mark, ...scaled(figure) })),
        })),
      })
  return element('figure', {}, `${textElement('figcaption', {}, words)}\n${chart}`)
}

/** What stands behind the number of every label, perhaps nothing; undefined where there are others than numbers. */
function commonUnit(labels: readonly string[]): string | undefined {
  const units = new Set(labels.map((label) => /^\d+(?:\.\d+)?([A-Za-z/]*)$/.exec(label)?.[1]))
  return units.size === 1 ? [...units][0] : undefined
}

function seriesOf(
  name: string,
  { columns, rows, factors }: ExperimentTableResults,
  allCases: readonly string[],
): Series[] {
  const second = factors[1]
  const others = second ? [...new Set(rows.map(({ labels }) => labels[1]!))] : [undefined]
  const cases = columns.filter(({ measure }) => measure === name).map((column) => column.case)
  return cases
    .flatMap((oneCase) =>
      others.map((other, i): Series => {
        const words = [
          ...(cases.length > 1 || !second ? [oneCase] : []),
          ...(second ? [`${second.name} ${other}`] : []),
        ]
        const points = rows
          .filter(({ labels }) => labels[1] === other)
          .flatMap(({ labels, figures }) => {
            const figure = figures[oneCase]?.[name]
            return figure ? [{ label: labels[0]!, figure }] : []
          })
        return { name: words.join(', '), mark: allCases.indexOf(oneCase) * others.length + i, points }
      }),
    )
    .filter(({ points }) => points.length > 0)
}

const labelOf = ({ labels, isBase }: ExperimentRow): string[] =>
  labels.map((label, i) => (isBase && i === labels.length - 1 ? `${label} (base)` : label))

function figuresOf({ factors, columns, rows, ...table }: ExperimentTableResults): string {
  const manyCases = new Set(columns.map((column) => column.case)).size > 1
  return foldedTable(
    `The figures of ${table.name}`,
    [
      ...factors.map(({ name }) => name),
      ...columns.map((column) => `${column.title}${manyCases ? `, ${column.case}` : ''}`),
    ],
    rows.map((row) => [
      ...labelOf(row),
      ...columns.map((column) => describeFigure(column.unit, row.figures[column.case]?.[column.measure])),
    ]),
  )
}
