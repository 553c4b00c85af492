import { formatFigure, type Measured, valueAxis } from './axis.ts'
import { drawing } from './drawing.ts'
import { element, textElement } from './markup.ts'
import { drawMark } from './marks.ts'
import { drawSpread } from './spread-bar.ts'

export interface DotRow extends Measured {
  name: string
  /** Its look: the same number is the same look in every drawing. */
  mark: number
}

export interface DotChart {
  /** What the drawing shows, for those who do not see it. */
  title: string
  /** What the figures are. */
  label: string
  /** Rows below a heading each; an empty heading is not written. */
  groups: readonly { heading: string; rows: readonly DotRow[] }[]
}

const width = 900
const [left, right, top, bottom] = [270, 70, 8, 44]
const rowHeight = 22

/** Figures side by side: a row each, with its name, its spread and its value. */
export function dotChart({ title, label, groups }: DotChart): string {
  const rows = groups.flatMap(({ heading, rows: members }) => [
    ...(heading === '' ? [] : [{ heading }]),
    ...members.map((row) => ({ row })),
  ])
  const height = rows.length * rowHeight
  const axis = valueAxis(
    groups.flatMap((group) => group.rows),
    [left, width - right],
  )
  const content = [
    ...axis.ticks.map((tick) => {
      const x = axis.place(tick)
      const line = element('line', { x1: x, x2: x, y1: top, y2: top + height, class: 'grid' })
      return line + textElement('text', { x, y: top + height + 16, 'text-anchor': 'middle' }, formatFigure(tick))
    }),
    textElement(
      'text',
      { x: (left + width - right) / 2, y: top + height + 36, 'text-anchor': 'middle', class: 'soft' },
      label,
    ),
    ...rows.map((each, i) => {
      const y = top + (i + 0.5) * rowHeight
      if ('heading' in each)
        return textElement('text', { x: 0, y: y + 4, class: 'soft', 'font-weight': 'bold' }, each.heading)
      const { row } = each
      return [
        textElement('text', { x: left - 14, y: y + 4, 'text-anchor': 'end' }, row.name),
        drawSpread(row.mark, row, axis, y, false),
        drawMark(row.mark, axis.place(row.value), y),
        textElement('text', { x: width - right + 12, y: y + 4 }, formatFigure(row.value)),
      ].join('')
    }),
  ]
  const description = groups
    .flatMap((group) => group.rows.map(({ name, value }) => `${group.heading} ${name}: ${formatFigure(value)}`.trim()))
    .join('; ')
  return drawing({ width, height: top + height + bottom, title, description }, content)
}
