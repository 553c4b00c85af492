import { element, escapeText, textElement } from '../markup.ts'
import { foldTable } from '../table.ts'

/** Rows of the table behind a chart: what a person still reads, and a page still holds. */
const mostRows = 40

/** A chart with its name, facts about it, and its table. */
export function chartFigure(parts: {
  name: string
  facts: string
  /** What must be seen at once. */
  alarm?: string
  chart: string
  table: string
}): string {
  const { name, facts, alarm, chart, table } = parts
  const caption = [
    `<strong>${escapeText(name)}</strong>`,
    textElement('span', { class: 'facts' }, facts),
    ...(alarm === undefined ? [] : [textElement('strong', { class: 'alarm' }, alarm)]),
  ]
  return element('figure', { class: 'panel' }, [element('figcaption', {}, caption.join(' ')), chart, table].join('\n'))
}

/** A column of the table behind a chart over time. */
export interface TimeColumn {
  name: string
  /** What a row says of its samples. */
  cell: (samples: Range) => string
}

/** Samples `first` to before `end`. */
interface Range {
  first: number
  end: number
}

/** The table behind a chart over time: a row a sample or, where there are many, some samples. */
export function timeTable(name: string, t: readonly number[], columns: readonly TimeColumn[]): string {
  const perRow = Math.ceil(t.length / mostRows)
  const rows: Range[] = []
  for (let first = 0; first < t.length; first += perRow) rows.push({ first, end: Math.min(first + perRow, t.length) })
  const seconds = ({ end }: Range): number => t[end - 1]!
  const means = perRow > 1 ? `; each row has the means of ${perRow} intervals, up to its time` : ''
  return foldTable('The figures', {
    caption: `${name} over time${means}`,
    head: ['time', ...columns.map((column) => column.name)],
    rows: rows.map((row) => [`${Number(seconds(row).toPrecision(6))}s`, ...columns.map(({ cell }) => cell(row))]),
    rowAttributes: (row) => ({ 'data-t': String(seconds(rows[row]!)) }),
  })
}

/** The mean of values as text; `-` where there is none. */
export const meanCell =
  (values: readonly (number | null)[], format: (value: number) => string) =>
  ({ first, end }: Range): string => {
    const there = values.slice(first, end).filter((value) => value !== null)
    return there.length === 0 ? '-' : format(there.reduce((sum, value) => sum + value, 0) / there.length)
  }

/** How much of the time something was so. */
export const partCell =
  (flags: readonly boolean[]) =>
  ({ first, end }: Range): string => {
    const part = flags.slice(first, end).filter(Boolean).length / (end - first)
    return part === 0 ? 'no' : part === 1 ? 'yes' : `${Math.round(part * 100)} %`
  }
