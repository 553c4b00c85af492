import { formatDuration, formatRate } from '../units.ts'
import type { Estimate } from './estimate.ts'
import { measures } from './measures.ts'
import type { MeasureName, MeasureUnit } from './measures.ts'

// Figures as people read them, in tables of text and of HTML.

const digits = 3
/** Half a confidence interval, as a share of its middle, that is worth a word. */
const noteworthy = 0.01

const rounded = (value: number): string => Number(value.toPrecision(digits)).toString()

const formats: Readonly<Record<MeasureUnit, (value: number) => string>> = {
  'b/s': (value) => formatRate(value, { digits }),
  'packets/s': (value) => (value >= 1e6 ? `${rounded(value / 1e6)} M` : Math.round(value).toLocaleString('en-US')),
  ns: (value) => formatDuration(value, { digits }),
  share: (value) => `${(value * 100).toFixed(1)} %`,
  'per thousand': rounded,
  count: rounded,
}

/** A figure with its unit, and how far its mean may be off where that is much; `-` where there is none. */
export function describeFigure(name: MeasureName, figure: Estimate | null | undefined): string {
  if (!figure) return '-'
  const { mean, high } = figure
  const text = formats[measures[name].unit](mean)
  const off = mean === 0 ? 0 : (high - mean) / Math.abs(mean)
  return off < noteworthy ? text : `${text} ±${Math.round(off * 100)}%`
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
  'per thousand': { factor: 1, label: 'for 1,000 packets' },
  count: { factor: 1, label: '' },
}

/** The unit in which a chart shows a measure, and what its figures are multiplied by. */
export const chartScale = (name: MeasureName): { factor: number; label: string } => scales[measures[name].unit]
