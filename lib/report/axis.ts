import { scaleLinear, scaleLog } from 'd3-scale'

/** How values become places, and which of them are written at the axis. */
export interface Axis {
  place: (value: number) => number
  ticks: number[]
  /** The values at the ends. */
  least: number
  most: number
}

/** A figure and the ends of its samples. */
export interface Measured {
  value: number
  low: number
  high: number
}

/** Beyond this, the small values of a linear axis could not be read. */
const mostLinearSpan = 15
/** How far beyond the figures themselves an axis goes for the sake of the ends of their samples. */
const mostReach = { linear: 1.25, log: 2 } as const

/**
 * An axis for figures with spreads: from 0, or logarithmic where they span decades. A single sample that a busy machine spoilt does not squeeze
 * everything else: its end may lie beyond the axis.
 *
 * @param range - places of the least and the most
 */
export function valueAxis(figures: readonly Measured[], range: readonly [number, number], tickCount = 6): Axis {
  const values = figures.map(({ value }) => value)
  const [leastValue, mostValue] = [Math.min(...values), Math.max(...values)]
  const isLog = leastValue > 0 && mostValue / leastValue > mostLinearSpan
  const reach = isLog ? mostReach.log : mostReach.linear
  const most = Math.min(Math.max(...figures.map(({ high }) => high)), mostValue * reach)
  const least = Math.max(Math.min(...figures.map(({ low }) => low)), leastValue / reach)
  if (isLog) return logAxis(least, most, range)
  const scale = scaleLinear([Math.min(0, leastValue), most], range).nice(tickCount)
  const [from, to] = scale.domain() as [number, number]
  return { place: (value) => scale(value), ticks: scale.ticks(tickCount), least: from, most: to }
}

function logAxis(least: number, most: number, range: readonly [number, number]): Axis {
  const [from, to] = [least / 1.1, most * 1.1]
  const scale = scaleLog([from, to], range)
  const steps = to / from > 1000 ? [1] : to / from > 100 ? [1, 3] : [1, 2, 5]
  const ticks: number[] = []
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power++)
    for (const step of steps) ticks.push(Number(`${step}e${power}`))
  const place = (value: number): number => scale(Math.max(value, from / 1e6))
  return { place, ticks: ticks.filter((tick) => from <= tick && tick <= to), least: from, most: to }
}

/** An axis of sizes, each of which is written: logarithmic where they span decades. */
export function sizeAxis(sizes: readonly number[], range: readonly [number, number]): Axis {
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)]
  const makeScale = least > 0 && most / least > mostLinearSpan ? scaleLog : scaleLinear
  const scale = makeScale([least, most], range)
  return { place: (value) => scale(value), ticks: [...sizes], least, most }
}

const numbers = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 })

/** A figure as it is written at an axis or beside a mark. */
export const formatFigure = (value: number): string => numbers.format(value)

const wholeNumbers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 })

/** A size, in full. */
export const formatSize = (value: number): string => wholeNumbers.format(value)
