import { line } from 'd3-shape'

import { type Axis, formatFigure, formatSize, type Measured, sizeAxis, valueAxis } from './axis.ts'
import { drawing } from './drawing.ts'
import { element, textElement } from './markup.ts'
import { drawMark, markClass, markDash } from './marks.ts'
import { drawSpread } from './spread-bar.ts'
import { spreadOut } from './spread-out.ts'

export interface LinePoint extends Measured {
  x: number
}

export interface LineSeries {
  name: string
  /** Its look: the same number is the same look in every drawing. */
  mark: number
  /** In the order of x. */
  points: readonly LinePoint[]
}

export interface LineChart {
  /** What the drawing shows, for those who do not see it. */
  title: string
  xLabel: string
  yLabel: string
  series: readonly LineSeries[]
}

const [width, plotHeight] = [900, 330]
const [left, top, bottom] = [64, 26, 46]
/** The names need what the longest one does, about. */
const [nameIndent, letterWidth, mostNameWidth] = [44, 6.6, 420]
const figureLetters = 7
const labelGap = 16
/** Between the same sizes of two series, so that spreads do not hide one another. */
const sideStep = 4

/** Figures over sizes: a line a series, named at its right end, with the spread of the samples. */
export function lineChart({ title, xLabel, yLabel, series }: LineChart): string {
  const longest = Math.max(...series.map(({ name }) => name.length + figureLetters))
  const right = Math.min(nameIndent + letterWidth * longest, mostNameWidth)
  const plotEnd = width - right
  const height = Math.max(plotHeight, series.length * labelGap + 20)
  const sizes = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b)
  const inset = (sideStep * series.length) / 2 + 8
  const x = sizeAxis(sizes, [left + inset, plotEnd - inset])
  const y = valueAxis(
    series.flatMap(({ points }) => points),
    [top + height, top],
  )
  const placed = series.map((one, i) => {
    const aside = sideStep * (i - (series.length - 1) / 2)
    return {
      ...one,
      places: one.points.map((point) => ({ point, x: x.place(point.x) + aside, y: y.place(point.value) })),
    }
  })
  const content = [
    ...drawGrid(y, plotEnd, height),
    ...x.ticks.map((tick) =>
      textElement('text', { x: x.place(tick), y: top + height + 18, 'text-anchor': 'middle' }, formatSize(tick)),
    ),
    textElement('text', { x: left, y: 14, class: 'soft' }, yLabel),
    textElement(
      'text',
      { x: (left + plotEnd) / 2, y: top + height + 38, 'text-anchor': 'middle', class: 'soft' },
      xLabel,
    ),
    ...placed.map(drawSeries(y)),
    ...drawNames(placed, plotEnd, height),
  ]
  return drawing({ width, height: top + height + bottom, title, description: describe(series) }, content)
}

const describe = (series: readonly LineSeries[]): string =>
  series.map(({ name, points }) => `${name}: ${points.map(({ value }) => formatFigure(value)).join(', ')}`).join('; ')

interface PlacedSeries extends LineSeries {
  places: { point: LinePoint; x: number; y: number }[]
}

function drawGrid(y: Axis, plotEnd: number, height: number): string[] {
  return [
    ...y.ticks.map((tick) => {
      const at = y.place(tick)
      const grid = element('line', { x1: left, x2: plotEnd, y1: at, y2: at, class: 'grid' })
      const label = textElement('text', { x: left - 8, y: at + 4, 'text-anchor': 'end' }, formatFigure(tick))
      return grid + label
    }),
    element('line', { x1: left, x2: plotEnd, y1: top + height, y2: top + height, class: 'axis' }),
  ]
}

const drawSeries =
  (y: Axis) =>
  ({ mark, places }: PlacedSeries): string => {
    const path = line<{ x: number; y: number }>(
      ({ x }) => x,
      ({ y: at }) => at,
    ).digits(1)(places)
    return [
      element('path', { d: path ?? '', class: `line ${markClass(mark)}`, 'stroke-dasharray': markDash(mark) }),
      ...places.map((place) => drawSpread(mark, place.point, y, place.x, true)),
      ...places.map((place) => drawMark(mark, place.x, place.y)),
    ].join('')
  }

/** The names, beside the last points as far as there is room, each with its mark and last figure. */
function drawNames(series: readonly PlacedSeries[], plotEnd: number, height: number): string[] {
  const named = series
    .flatMap((one) => {
      const last = one.places.at(-1)
      return last ? [{ ...one, last, wanted: last.y }] : []
    })
    .sort((a, b) => a.wanted - b.wanted)
  const rows = spreadOut(
    named.map(({ wanted }) => wanted),
    { least: top + 6, most: top + height, gap: labelGap },
  )
  const from = plotEnd + 26
  return named.map(({ name, mark, last }, i) => {
    const row = rows[i]!
    const leader = `M${(last.x + 8).toFixed(1)},${last.y.toFixed(1)}L${from - 12},${row.toFixed(1)}`
    return [
      element('path', { d: leader, class: 'leader' }),
      drawMark(mark, from, row),
      textElement('text', { x: from + 12, y: row + 4 }, `${name}  ${formatFigure(last.point.value)}`),
    ].join('')
  })
}
