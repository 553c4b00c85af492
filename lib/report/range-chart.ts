import { valueAxis } from './axis.ts'
import { drawing } from './drawing.ts'
import { drawMark, markClass } from './marks.ts'
import { element, textElement } from './markup.ts'

export interface RangeRow {
  name: string
  /** Its look: the same number is the same look in every drawing. */
  mark: number
  /** Ascending; the first is the row's mark, the others are strokes. */
  values: readonly number[]
}

export interface RangeChart {
  title: string
  description: string
  formatValue: (value: number) => string
  /** Rows below a heading each; an empty heading is not written. */
  groups: readonly { heading: string; rows: readonly RangeRow[] }[]
}

const width = 440
const [left, right, top, bottom] = [118, 24, 6, 24]
const [rowHeight, strokeHeight] = [18, 10]
const mostLetters = 17

const shorten = (name: string): string => (name.length > mostLetters ? `${name.slice(0, mostLetters - 1)}…` : name)

/** Rows of values from a mark to a last stroke, on an axis that is logarithmic where it must be. */
export function rangeChart({ title, description, formatValue, groups }: RangeChart): string {
  const lines = groups.flatMap(({ heading, rows }) => [...(heading === '' ? [] : [{ heading }]), ...rows])
  const height = lines.length * rowHeight
  const values = groups.flatMap(({ rows }) => rows.flatMap((row) => row.values.filter((value) => value > 0)))
  const figures = (values.length > 0 ? values : [1]).map((value) => ({ value, low: value, high: value }))
  const axis = valueAxis(figures, [left + 8, width - right], 4)
  const content = [
    ...axis.ticks.map((tick) => {
      const x = axis.place(tick)
      const line = element('line', { x1: x, x2: x, y1: top, y2: top + height, class: 'grid' })
      const attributes = { x, y: top + height + 16, 'text-anchor': 'middle', class: 'soft' }
      return line + textElement('text', attributes, tick === 0 ? '0' : formatValue(tick))
    }),
    ...lines.map((line, i) => {
      const y = top + (i + 0.5) * rowHeight
      if (!('values' in line)) return textElement('text', { x: 0, y: y + 4, 'font-weight': 600 }, shorten(line.heading))
      const name = textElement('text', { x: left - 6, y: y + 4, 'text-anchor': 'end' }, shorten(line.name))
      if (line.values.length === 0) return name + textElement('text', { x: left + 8, y: y + 4, class: 'soft' }, 'none')
      return name + drawRow(line, (value) => axis.place(Math.max(value, axis.least)), y)
    }),
  ]
  return drawing({ width, height: top + height + bottom, title, description, look: 'range' }, content)
}

function drawRow({ mark, values }: RangeRow, place: (value: number) => number, y: number): string {
  const [from = 0, ...strokes] = values.map((value) => place(value).toFixed(1))
  const [upper, lower] = [y - strokeHeight / 2, y + strokeHeight / 2]
  const path = [`M${from} ${y}H${strokes.at(-1) ?? from}`, ...strokes.map((x) => `M${x} ${upper}V${lower}`)].join('')
  return element('path', { d: path, class: `spread ${markClass(mark)}` }) + drawMark(mark, place(values[0]!), y)
}
