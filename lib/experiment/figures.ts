import { formatBytes, formatDuration, formatRate } from '../units.ts'
import type { Estimate } from './estimate.ts'
import type { MeasureUnit } from './measure.ts'

// Figures as people read them, in tables of text and of HTML.

const digits = 3
/** Half a confidence interval, as a share of its middle, that is worth a word. */
const noteworthy = 0.01

const rounded = (value: number): string => Number(value.toPrecision(digits)).toString()

/** In per cent: a tenth, or less where it is nearly nothing. */
function percent(value: number): string {
  const parts = Math.abs(value) * 100
  return `${parts > 0 && parts < 0.95 ? Number((value * 100).toPrecision(2)) : (value * 100).toFixed(1)} %`
}

const formats: Readonly<Record<MeasureUnit, (value: number) => string>> = {
  'b/s': (value) => formatRate(value, { digits }),
  'packets/s': (value) => (value >= 1e6 ? `${rounded(value / 1e6)} M` : Math.round(value).toLocaleString('en-US')),
  ns: (value) => formatDuration(value, { digits }),
  share: percent,
  bytes: (value) => formatBytes(value, { digits }),
  packets: (value) => Math.round(value).toLocaleString('en-US'),
  'per thousand': rounded,
  count: rounded,
}

/** A number with its unit; below 0 where it is a difference, or the end of an interval around nearly nothing. */
export const describeValue = (unit: MeasureUnit, value: number): string =>
  value < 0 ? `-${formats[unit](-value)}` : formats[unit](value)

/** A figure with its unit, and how far its mean may be off where that is much; `-` where there is none. */
export function describeFigure(unit: MeasureUnit, figure: Estimate | null | undefined): string {
  if (!figure) return '-'
  const { mean, high } = figure
  const text = describeValue(unit, mean)
  const off = mean === 0 ? 0 : (high - mean) / Math.abs(mean)
  return off < noteworthy ? text : `${text} ±${Math.round(off * 100)}%`
}

/** The ends of a figure's confidence interval. */
export function describeInterval(unit: MeasureUnit, figure: Estimate | null): [string, string] {
  return figure ? [describeValue(unit, figure.low), describeValue(unit, figure.high)] : ['-', '-']
}

/** What the figures of an experiment are, in a line. */
export function describeSeeds(seeds: readonly number[]): string {
  if (seeds.length === 1) return `one run a point, seed ${seeds[0]!}`
  return `means of ${seeds.length} seeds, ± 95 % confidence where that is 1 % or more`
}

const scales: Readonly<Record<MeasureUnit, { factor: number; label: string }>> = {
  'b/s': { factor: 1e-6, label: 'Mb/s' },
  'packets/s': { factor: 1e-6, label: 'millions' },
  ns: { factor: 1e-3, label: 'us' },
  share: { factor: 100, label: '%' },
  bytes: { factor: 1e-3, label: 'KB' },
  packets: { factor: 1, label: 'packets' },
  'per thousand': { factor: 1, label: 'for 1,000 packets' },
  count: { factor: 1, label: '' },
}

/** Times above which a chart is in larger units: it has room for few digits. */
const longTimes = [
  [1e9, { factor: 1e-9, label: 's' }],
  [1e7, { factor: 1e-6, label: 'ms' }],
] as const

/** The unit in which a chart shows a measure, and what its figures, of which this is the largest, are multiplied by. */
export function chartScale(unit: MeasureUnit, largest: number): { factor: number; label: string } {
  const long = unit === 'ns' ? longTimes.find(([least]) => largest >= least) : undefined
  return long?.[1] ?? scales[unit]
}
