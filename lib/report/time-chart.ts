import { scaleLinear } from 'd3-scale'

import { formatDuration } from '../units.ts'
import { drawing } from './drawing.ts'
import { element, textElement } from './markup.ts'
import { markClass, markDash } from './marks.ts'
import { spreadOut } from './spread-out.ts'
import { gapPath, type Place, stepPath, type Stretch } from './step-path.ts'

export interface TimeSeries {
  name: string
  /** Its look: the same number is the same look in every drawing. */
  mark: number
  /** Each of the interval that ends at its time; null: a gap. */
  values: readonly (number | null)[]
  /** Drawn stronger than the others. */
  isMain?: boolean
}

/** A strip below the plot: when something was so, with words in it where there is room. */
export interface TimeStrip {
  name: string
  stretches: readonly (Stretch & { label?: string })[]
}

export interface TimeChart {
  /** What the drawing shows, for those who do not see it. */
  title: string
  description: string
  /** The end of the time axis. */
  seconds: number
  /** The top of the value axis. */
  most: number
  formatValue: (value: number) => string
  /** Ends of the intervals. */
  t: readonly number[]
  series: readonly TimeSeries[]
  /** Shaded where `lower` is below `upper`. */
  gap?: { lower: readonly number[]; upper: readonly number[] }
  /** Shaded from top to bottom. */
  outages?: readonly Stretch[]
  strips?: readonly TimeStrip[]
  /** Moments, each with a short name above the plot. */
  marks?: readonly { seconds: number; label: string }[]
}

/** Small enough that its letters can be read on a phone. */
const width = 440
const [left, right, top, plotHeight, bottom] = [58, 78, 16, 124, 22]
const [stripHeight, stripGap, labelGap] = [12, 5, 13]
const plotEnd = width - right
/** Between the names of moments; those that are closer have none. */
const markGap = 4
/** What is above the axis by less is on it. */
const leastAbove = 1.005
/** About the width of a letter. */
const letterWidth = 6.4

/** Values over time as steps, with strips below them. Charts of one `seconds` and one `most` can be compared by eye. */
export function timeChart(chart: TimeChart): string {
  const { title, description, seconds, most, strips = [] } = chart
  const xScale = scaleLinear([0, seconds > 0 ? seconds : 1], [left, plotEnd])
  const yScale = scaleLinear([0, most > 0 ? most : 1], [top + plotHeight, top])
  const stripsEnd = top + plotHeight + strips.length * (stripHeight + stripGap)
  const place = { x: (at: number) => xScale(at), y: (value: number) => yScale(value) }
  const content = [
    ...drawValueAxis(yScale.ticks(4), place, chart),
    ...xScale.ticks(5).map((tick) => {
      const x = place.x(tick)
      const line = element('line', { x1: x, x2: x, y1: top + plotHeight, y2: top + plotHeight + 4, class: 'axis' })
      const text = tick === 0 ? '0s' : formatDuration(tick * 1e9, { digits: 6 })
      return line + textElement('text', { x, y: stripsEnd + 17, 'text-anchor': 'middle', class: 'soft' }, text)
    }),
    ...(chart.marks ? drawMarks(chart.marks, place, stripsEnd) : []),
    drawPlot(chart, place),
    ...drawNames(chart, place),
    ...strips.map((strip, i) => drawStrip(strip, place, top + plotHeight + stripGap + i * (stripHeight + stripGap))),
    element('line', { x1: left, x2: left, y1: top, y2: stripsEnd, class: 'now' }),
  ]
  const data = { 'data-left': left, 'data-right': plotEnd, 'data-seconds': seconds }
  return drawing({ width, height: stripsEnd + bottom, title, description, look: 'time', data }, content)
}

/** The top of an axis for values up to `most`: the next round number. */
export const niceTop = (most: number): number =>
  scaleLinear([0, most > 0 ? most : 1], [0, 1])
    .nice(4)
    .domain()[1]!

function drawValueAxis(ticks: readonly number[], { y }: Place, { formatValue }: TimeChart): string[] {
  return ticks.map((tick) => {
    const at = y(tick)
    const line = element('line', { x1: left, x2: plotEnd, y1: at, y2: at, class: tick === 0 ? 'axis' : 'grid' })
    const label = tick === 0 ? '0' : formatValue(tick)
    return line + textElement('text', { x: left - 6, y: at + 4, 'text-anchor': 'end', class: 'soft' }, label)
  })
}

function drawMarks(marks: NonNullable<TimeChart['marks']>, { x }: Place, to: number): string[] {
  const out: string[] = []
  let lastLine = -Infinity
  let lastName = -Infinity // where it ends
  for (const { seconds, label } of marks) {
    const at = Math.round(x(seconds) * 2) / 2
    if (at > plotEnd || at - lastLine < 1) continue
    lastLine = at
    out.push(element('line', { x1: at, x2: at, y1: top - 3, y2: to, class: 'mark' }))
    const half = (letterWidth * label.length) / 2
    if (at - half - lastName < markGap) continue
    lastName = at + half
    out.push(textElement('text', { x: at, y: top - 5, 'text-anchor': 'middle', class: 'soft' }, label))
  }
  return out
}

/** What lies within the axes: nothing that goes beyond them is seen. */
function drawPlot({ t, series, gap, outages = [] }: TimeChart, { x, y }: Place): string {
  const inner = { x: (seconds: number) => x(seconds) - left, y: (value: number) => Math.max(y(value) - top, -20) }
  const content = [
    element('path', { d: boxes(outages, inner.x, 0, plotHeight), class: 'out' }),
    ...(gap ? [element('path', { d: gapPath(t, gap.lower, gap.upper, inner), class: 'alarm' })] : []),
    ...series.map(({ mark, values, isMain }) => {
      const look = `line ${isMain ? 'main ' : ''}${markClass(mark)}`
      return element('path', { d: stepPath(t, values, inner), class: look, 'stroke-dasharray': markDash(mark) })
    }),
  ]
  const attributes = { x: left, y: top - 1, width: plotEnd - left, height: plotHeight + 2, 'aria-hidden': 'true' }
  return element('svg', attributes, element('g', { transform: 'translate(0,1)' }, content.join('')))
}

/** The names, beside the last values, each with a piece of its line; an arrow where it leaves the chart. */
function drawNames({ series, most }: TimeChart, { y }: Place): string[] {
  const named = series
    .flatMap((one) => {
      const last = one.values.findLast((value) => value !== null)
      return last === undefined || last === null
        ? []
        : [
            {
              ...one,
              isAbove: one.values.some((value) => (value ?? 0) > most * leastAbove),
              wanted: y(Math.min(last, most)),
            },
          ]
    })
    .sort((a, b) => a.wanted - b.wanted)
  const rows = spreadOut(
    named.map(({ wanted }) => wanted),
    { least: top + 2, most: top + plotHeight - 4, gap: labelGap },
  )
  return named.map(({ name, mark, isMain, isAbove }, i) => {
    const row = rows[i]!
    const line = `M${plotEnd + 4} ${row.toFixed(1)}h14`
    const look = `line ${isMain ? 'main ' : ''}${markClass(mark)}`
    return (
      element('path', { d: line, class: look, 'stroke-dasharray': markDash(mark) }) +
      textElement('text', { x: plotEnd + 21, y: row + 4 }, isAbove ? `${name} ↑` : name)
    )
  })
}

/** The path of a box a stretch. */
const boxes = (stretches: readonly Stretch[], x: Place['x'], y: number, height: number): string =>
  stretches
    .map(({ from, to }) => {
      const [start, end] = [x(from), x(to)]
      return `M${start.toFixed(1)} ${y}h${Math.max(end - start, 0.5).toFixed(1)}v${height}H${start.toFixed(1)}z`
    })
    .join('')

function drawStrip({ name, stretches }: TimeStrip, { x }: Place, y: number): string {
  const ground = element('rect', { x: left, y, width: plotEnd - left, height: stripHeight, class: 'ground' })
  const plain = stretches.filter(({ label }) => label === undefined)
  const named = stretches.map(({ from, to, label = '' }) => {
    if (label === '') return ''
    const [start, end] = [x(from), x(to)]
    const border = element('line', { x1: start, x2: start, y1: y, y2: y + stripHeight, class: 'axis' })
    if (end - start < letterWidth * label.length) return border
    const place = { x: (start + end) / 2, y: y + stripHeight - 2, 'text-anchor': 'middle', 'font-size': 11 }
    return border + textElement('text', place, label)
  })
  const filled = element('path', { d: boxes(plain, x, y, stripHeight), class: 'strip' })
  const word = textElement('text', { x: plotEnd + 6, y: y + stripHeight - 2, class: 'soft' }, name)
  return [ground, filled, ...named, word].join('')
}
