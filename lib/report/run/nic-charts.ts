import { element, textElement } from '../markup.ts'
import { stretchesOf } from '../step-path.ts'
import { timeChart } from '../time-chart.ts'
import { marksOf, type NumberedChange } from './changes.ts'
import { chartFigure, meanCell, timeTable } from './figure.ts'
import { labelStretches } from './label-stretches.ts'
import { type LabelledRun, longest, namesIn } from './labelled-run.ts'
import { countText, many, rateText, shareText } from './words.ts'

const marks = { sent: 0, received: 5 } as const
/** NICs that are drawn; the tables have all. */
const mostDrawn = 8

/** A chart a NIC and run: how much of the time its wire was busy, and its rate. */
export function nicCharts(runs: readonly LabelledRun[], changes: readonly NumberedChange[]): string {
  const names = namesIn(runs, 'nics')
  const rows = names.slice(0, mostDrawn).map((name) => {
    const figures = runs.map((run) => drawNic(run, name, runs, changes)).join('\n')
    if (runs.length === 1) return figures
    return `<div class="row">${textElement('h3', {}, name)}<div class="runs">${figures}</div></div>`
  })
  const more =
    names.length > mostDrawn ? `The first ${mostDrawn} of ${many(names.length, 'NIC')}; the tables have all. ` : ''
  return [
    textElement(
      'p',
      { class: 'about' },
      `${more}The part of each interval in which the wire was busy. Shaded: the link was down.`,
    ),
    element('div', { class: runs.length === 1 ? 'panels' : 'rows' }, rows.join('\n')),
  ].join('\n')
}

function drawNic(
  run: LabelledRun,
  name: string,
  runs: readonly LabelledRun[],
  changes: readonly NumberedChange[],
): string {
  const nic = run.results.nics[name]
  const columns = run.results.series.nics[name]
  const isOnly = runs.length === 1
  if (!nic || !columns)
    return `<figure class="panel"><figcaption>${textElement('strong', {}, run.label)} has no such NIC</figcaption></figure>`
  const { t } = run.results.series
  const { utilisation, receiveUtilisation, rateBps } = columns
  const seconds = longest(runs)
  const hasReceived = receiveUtilisation.some((part) => part > 0)
  const series = [
    ...(hasReceived ? [{ name: 'received', mark: marks.received, values: receiveUtilisation }] : []),
    { name: 'sent', mark: marks.sent, values: utilisation, isMain: true },
  ]
  const whole = `${name}${isOnly ? '' : `, ${run.label}`}`
  const lost = nic.drops + nic.receiveDrops + nic.linkDrops
  const facts = [
    ...(nic.rateBps === undefined ? [] : [rateText(nic.rateBps)]),
    `sent for ${shareText(nic.utilisation)} of the time`,
    `${countText(lost)} dropped`,
  ].join(', ')
  const down = rateBps ? stretchesOf(t, (i) => rateBps[i] === 0, seconds / 600) : []
  return chartFigure({
    name: isOnly ? name : run.label,
    facts,
    chart: timeChart({
      title: `Use of the NIC over time: ${whole}`,
      description: `${facts}.${down.length > 0 ? ` Its link was down ${many(down.length, 'time')}.` : ''}`,
      seconds,
      most: 1,
      formatValue: (part) => `${Math.round(part * 100)} %`,
      t,
      series,
      outages: down,
      ...(rateBps && { strips: [{ name: 'rate', stretches: labelStretches(t, rateBps.map(speedText), 'rate') }] }),
      marks: marksOf(changes, run.label, (change) => change.nic === name),
    }),
    table: timeTable(whole, t, [
      ...series.map((one) => ({ name: one.name, cell: meanCell(one.values, shareText) })),
      ...(rateBps ? [{ name: 'rate', cell: meanCell(rateBps, rateText) }] : []),
    ]),
  })
}

const speedText = (bps: number): string => (bps === 0 ? 'down' : rateText(bps))
