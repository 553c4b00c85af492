import type { SavedResults } from '../../simulation/results-schema.ts'
import { element, textElement } from '../markup.ts'
import { rangeChart, type RangeRow } from '../range-chart.ts'
import { foldTable } from '../table.ts'
import type { LabelledRun } from './labelled-run.ts'
import { drawnVifs } from './vif-track.ts'
import { timeText } from './words.ts'

/** Latency of each vif and run: the median, the 99th percentile and the longest. */
export function latencyCharts(runs: readonly LabelledRun[]): string {
  const { drawn, all } = drawnVifs(runs)
  const rowOf = ({ results, label }: LabelledRun, vif: string, name: string, mark: number): RangeRow[] => {
    const found = results.vifs[vif]
    return found ? [{ name: name === '' ? label : name, mark, values: valuesOf(found) }] : []
  }
  const groups =
    runs.length === 1
      ? [{ heading: '', rows: drawn.flatMap((name) => rowOf(runs[0]!, name, name, 0)) }]
      : drawn.map((heading) => ({ heading, rows: runs.flatMap((run, i) => rowOf(run, heading, '', i)) }))
  const which = drawn.length < all ? ` The ${drawn.length} worst of ${all} vifs; the tables have all.` : ''
  const guide = `The mark is the median, the strokes are the 99th percentile and the longest.${which}`
  const rows = groups.flatMap(({ heading, rows: members }) =>
    members.map(({ name, values }) => [
      heading === '' ? name : `${heading}, ${name}`,
      ...(values.length === 0 ? ['-', '-', '-'] : values.map(timeText)),
    ]),
  )
  const chart = rangeChart({
    title: 'Latency of delivered packets',
    description: rows.map(([name, p50, p99, max]) => `${name}: p50 ${p50}, p99 ${p99}, longest ${max}`).join('; '),
    formatValue: timeText,
    groups,
  })
  const table = foldTable('The figures', {
    caption: 'Latency of delivered packets, both directions',
    head: ['vif', 'p50', 'p99', 'longest'],
    rows,
  })
  return [
    textElement('p', { class: 'about' }, guide),
    element(
      'figure',
      { class: 'panel single' },
      `<figcaption>Latency, offer to arrival</figcaption>\n${chart}\n${table}`,
    ),
  ].join('\n')
}

function valuesOf({ deliveredPackets, latencyNs }: SavedResults['vifs'][string]): number[] {
  return deliveredPackets > 0 ? [latencyNs.p50, latencyNs.p99, latencyNs.max] : []
}
