import { textElement } from '../markup.ts'
import { stretchesOf } from '../step-path.ts'
import { niceTop, timeChart, type TimeSeries } from '../time-chart.ts'
import { marksOf, type NumberedChange } from './changes.ts'
import { chartFigure, meanCell, partCell, timeTable } from './figure.ts'
import { type LabelledRun, longest } from './labelled-run.ts'
import { isKept } from './verdict.ts'
import { drawnVifs, reachOf, trackOf, type VifTrack } from './vif-track.ts'
import { capText, rateText, secondsText, shareText } from './words.ts'

/** The look of each line: the same in every chart of a report. */
const marks = { sent: 0, allocated: 1, min: 2, cap: 3, received: 5, offered: 6 } as const

/** As shortfalls are counted: what is on the way as an interval ends is delivered in the next one. */
const tolerated = 0.99

/** Axes that differ by no more are made one, so that vifs can be compared too. */
const oneAxisSpan = 4

interface Row {
  name: string
  tracks: (VifTrack | undefined)[]
  reach: number
}

/** A chart a vif and run, runs beside one another. */
export function vifCharts(runs: readonly LabelledRun[], changes: readonly NumberedChange[]): string {
  const { drawn, all } = drawnVifs(runs)
  const rows = drawn.map((name): Row => {
    const tracks = runs.map(({ results }) => trackOf(results, name))
    return { name, tracks, reach: reachOf(tracks.filter((track) => track !== undefined)) }
  })
  const reaches = rows.map(({ reach }) => reach)
  const isOneAxis = Math.max(...reaches) <= Math.min(...reaches) * oneAxisSpan
  const most = ({ reach }: Row): number => niceTop((isOneAxis ? Math.max(...reaches) : reach) * 1.02)
  const panels = rows.map((row) => {
    const figures = runs.map((run, i) => drawVif(run, row, row.tracks[i], { most: most(row), runs, changes }))
    if (runs.length === 1) return figures.join('\n')
    return `<div class="row">${textElement('h3', {}, row.name)}<div class="runs">${figures.join('\n')}</div></div>`
  })
  const axis = isOneAxis || rows.length === 1 ? '' : ' Each vif has a scale of its own.'
  const which = drawn.length < all ? `The ${drawn.length} worst of ${all} vifs; the tables have all. ` : ''
  const guide =
    `${which}Each value is of one interval. A line named with ↑ goes on above its chart. Shaded: what a minimum promised and the guest ` +
    `did not get. The strip shows when the vif was found busy; numbers above a chart are those of the changes.${axis}`
  return [
    textElement('p', { class: 'about' }, guide),
    `<div class="${runs.length === 1 ? 'panels' : 'rows'}">${panels.join('\n')}</div>`,
  ].join('\n')
}

interface Shared {
  most: number
  runs: readonly LabelledRun[]
  changes: readonly NumberedChange[]
}

function drawVif(
  run: LabelledRun,
  { name }: Row,
  track: VifTrack | undefined,
  { most, runs, changes }: Shared,
): string {
  const vif = run.results.vifs[name]
  const isOnly = runs.length === 1
  if (!track || !vif)
    return `<figure class="panel"><figcaption>${textElement('strong', {}, run.label)} has no such vif</figcaption></figure>`
  const series = seriesOf(track)
  const seconds = longest(runs)
  const whole = `${name}${isOnly ? '' : `, ${run.label}`}`
  const facts = [
    ...(vif.minBps === null ? [] : [`min ${rateText(vif.minBps)}`]),
    `cap ${capText(vif.rateBps)}`,
    ...(vif.weight === 1 ? [] : [`weight ${vif.weight}`]),
  ].join(', ')
  const { shortfall } = vif
  const lack = isKept(vif) ? undefined : `✗ lacks ${shareText(shortfall.ratio)}`
  const kept = lack === undefined && vif.minBps !== null ? ', ✓ min kept' : ''
  return chartFigure({
    name: isOnly ? name : run.label,
    facts: facts + kept,
    ...(lack !== undefined && { alarm: lack }),
    chart: timeChart({
      title: `Throughput over time: ${whole}`,
      description: describe(
        vif.tx.throughputBps,
        track,
        facts,
        lack && `${lack}, over ${secondsText(shortfall.seconds)}`,
      ),
      seconds,
      most,
      formatValue: rateText,
      t: track.t,
      series,
      gap: { lower: track.sent, upper: track.promised.map((bps) => bps * tolerated) },
      ...(track.busy && {
        strips: [{ name: 'busy', stretches: stretchesOf(track.t, (i) => track.busy![i]!, seconds / 600) }],
      }),
      marks: marksOf(changes, run.label, (change) => change.vif === name || change.nic !== undefined),
    }),
    table: timeTable(whole, track.t, [
      ...series.map((one) => ({ name: one.name, cell: meanCell(one.values, rateText) })),
      ...(track.busy ? [{ name: 'busy', cell: partCell(track.busy) }] : []),
    ]),
  })
}

/** The lines from the back to the front. */
function seriesOf({ sent, received, offered, allocated, min, cap }: VifTrack): TimeSeries[] {
  return [
    { name: 'offered', mark: marks.offered, values: offered },
    ...(cap ? [{ name: 'cap', mark: marks.cap, values: cap }] : []),
    ...(allocated ? [{ name: 'allocated', mark: marks.allocated, values: allocated }] : []),
    ...(min ? [{ name: 'min', mark: marks.min, values: min }] : []),
    ...(received ? [{ name: 'received', mark: marks.received, values: received }] : []),
    { name: 'sent', mark: marks.sent, values: sent, isMain: true },
  ]
}

function describe(meanBps: number, { sent, busy }: VifTrack, facts: string, lack: string | undefined): string {
  const [least, most] = sent.reduce(([low, high], bps) => [Math.min(low, bps), Math.max(high, bps)], [Infinity, 0])
  const range = sent.length > 0 ? `, ${rateText(least)} to ${rateText(most)} an interval` : ''
  const part = busy
    ? ` Busy in ${shareText(busy.filter(Boolean).length / Math.max(busy.length, 1))} of the intervals.`
    : ''
  return `It sent ${rateText(meanBps)} on average${range}; ${facts}.${part}${lack === undefined ? '' : ` ${lack}.`}`
}
