import type { SavedResults } from '../../simulation/results-schema.ts'
import { textElement, element } from '../markup.ts'
import { niceTop, timeChart, type TimeSeries } from '../time-chart.ts'
import { marksOf, type NumberedChange } from './changes.ts'
import { chartFigure, meanCell, timeTable } from './figure.ts'
import { type LabelledRun, longest, namesIn } from './labelled-run.ts'
import { labelStretches } from './label-stretches.ts'
import { countText, many, rateText } from './words.ts'

type Bond = SavedResults['bonds'][string]
type BondSeries = SavedResults['series']['bonds'][string]

/** What a bond carries is drawn as caps are. */
const carriesMark = 3
/** Looks of its NICs' lines, which leave that one out. */
const nicMarks = [0, 1, 2, 4, 5, 6, 7, 8] as const
/** Bonds that are drawn; the tables have all. */
const mostDrawn = 8

/** A chart a bond and run: what it carried, and what each of its NICs sent. */
export function bondCharts(runs: readonly LabelledRun[], changes: readonly NumberedChange[]): string {
  const names = namesIn(runs, 'bonds').slice(0, mostDrawn)
  const rows = names.map((name) => {
    const most = niceTop(Math.max(...runs.map((run) => reachOf(run, name))) * 1.02)
    const figures = runs.map((run) => drawBond(run, name, { most, runs, changes })).join('\n')
    if (runs.length === 1) return figures
    return `<div class="row">${textElement('h3', {}, name)}<div class="runs">${figures}</div></div>`
  })
  const guide =
    'What each NIC sent, and what the bond took itself to carry as each interval ended. The strip shows the NIC in use or, in modes ' +
    'that use all, how many it took to be up; numbers above a chart are those of the changes of its NICs.'
  return [
    textElement('p', { class: 'about' }, guide),
    element('div', { class: runs.length === 1 ? 'panels' : 'rows' }, rows.join('\n')),
  ].join('\n')
}

function reachOf({ results }: LabelledRun, name: string): number {
  return (results.series.bonds[name]?.capacityBps ?? []).reduce((most, bps) => Math.max(most, bps), 0)
}

interface Shared {
  most: number
  runs: readonly LabelledRun[]
  changes: readonly NumberedChange[]
}

function drawBond(run: LabelledRun, name: string, { most, runs, changes }: Shared): string {
  const bond = run.results.bonds[name]
  const columns = run.results.series.bonds[name]
  const isOnly = runs.length === 1
  if (!bond || !columns)
    return `<figure class="panel"><figcaption>${textElement('strong', {}, run.label)} has no such bond</figcaption></figure>`
  const { t } = run.results.series
  const series = seriesOf(run.results, bond, columns)
  const whole = `${name}${isOnly ? '' : `, ${run.label}`}`
  const facts = [
    bond.mode,
    many(bond.failovers, 'failover'),
    `${countText(bond.reordered)} reordered`,
    `${countText(bond.drops)} dropped`,
  ].join(', ')
  const strip = stripOf(bond, columns, t)
  return chartFigure({
    name: isOnly ? name : run.label,
    facts,
    chart: timeChart({
      title: `What the bond carried over time: ${whole}`,
      description: `${facts}. At the end ${bond.upNics} of ${many(bond.nics.length, 'NIC')} were up, for ${rateText(bond.capacityBps)}.`,
      seconds: longest(runs),
      most,
      formatValue: rateText,
      t,
      series,
      strips: [strip],
      marks: marksOf(changes, run.label, ({ nic }) => nic !== undefined && bond.nics.includes(nic)),
    }),
    table: timeTable(whole, t, [
      ...series.map((one) => ({ name: one.name, cell: meanCell(one.values, rateText) })),
      { name: 'failovers', cell: ({ first, end }) => countText(sum(columns.failovers.slice(first, end))) },
    ]),
  })
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)

/** The bond's capacity behind what its NICs sent. */
function seriesOf(results: SavedResults, { nics }: Bond, { capacityBps }: BondSeries): TimeSeries[] {
  return [
    { name: 'carries', mark: carriesMark, values: capacityBps },
    ...nics
      .slice(0, nicMarks.length)
      .map((nic, i) => ({ name: nic, mark: nicMarks[i]!, values: sentBps(results, nic) })),
  ]
}

/** By the wire's use and speed; where it has lost its link by the interval's end, by its speed at the run's. */
function sentBps({ nics, series }: SavedResults, nic: string): number[] {
  const columns = series.nics[nic]
  return (columns?.utilisation ?? []).map((part, i) => part * (columns?.rateBps?.[i] || (nics[nic]?.rateBps ?? 0)))
}

function stripOf({ nics }: Bond, { activeNic, upNics }: BondSeries, t: readonly number[]) {
  if (activeNic)
    return {
      name: 'in use',
      stretches: labelStretches(
        t,
        activeNic.map((nic) => nic ?? 'none'),
        'NIC',
      ),
    }
  return {
    name: 'up',
    stretches: labelStretches(
      t,
      upNics.map((up) => `${up} of ${nics.length}`),
      'state',
    ),
  }
}
