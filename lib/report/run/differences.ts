import type { SavedResults } from '../../simulation/results-schema.ts'
import { htmlTable, type HtmlTable } from '../table.ts'
import type { LabelledRun } from './labelled-run.ts'
import { namesIn } from './labelled-run.ts'
import { countText, rateText, shareText, timeText } from './words.ts'

/** Rows that a table has; results.json has all. */
const mostRows = 256
/** Changes below this share are none: another seed makes as much. */
const least = 0.0005

interface Measure<T> {
  name: string
  /** Undefined where there is no such figure. */
  of: (one: T) => number | undefined
  format: (value: number) => string
  /** Whether a difference is of shares, to be told in points, or a part of the baseline. */
  isShare?: boolean
}

const vifMeasures: readonly Measure<SavedResults['vifs'][string]>[] = [
  { name: 'throughput', of: ({ throughputBps }) => throughputBps, format: rateText },
  {
    name: 'lacking of its min',
    of: ({ minBps, shortfall }) => (minBps === null && shortfall.ratio === 0 ? undefined : shortfall.ratio),
    format: shareText,
    isShare: true,
  },
  { name: 'dropped packets', of: ({ droppedPackets }) => droppedPackets, format: countText },
  {
    name: 'latency p99',
    of: ({ deliveredPackets, latencyNs }) => (deliveredPackets > 0 ? latencyNs.p99 : undefined),
    format: timeText,
  },
]

const nicMeasures: readonly Measure<SavedResults['nics'][string]>[] = [
  { name: 'sending, of the time', of: ({ utilisation }) => utilisation, format: shareText, isShare: true },
  {
    name: 'dropped packets',
    of: ({ drops, receiveDrops, linkDrops }) => drops + receiveDrops + linkDrops,
    format: countText,
  },
]

const bondMeasures: readonly Measure<SavedResults['bonds'][string]>[] = [
  { name: 'reordered packets', of: ({ reordered }) => reordered, format: countText },
  { name: 'failovers', of: ({ failovers }) => failovers, format: countText },
  { name: 'dropped packets', of: ({ drops, inactiveDrops }) => drops + inactiveDrops, format: countText },
]

/** What changed from the baseline to each of the others: tables of vifs, NICs and, where there are some, bonds. */
export function differenceTables([baseline, ...others]: readonly LabelledRun[]): string {
  if (!baseline) return ''
  return others
    .flatMap((other) => [
      differenceTable(
        'vif',
        baseline,
        other,
        namesIn([baseline, other], 'vifs'),
        vifMeasures,
        ({ vifs }, name) => vifs[name],
      ),
      differenceTable(
        'NIC',
        baseline,
        other,
        namesIn([baseline, other], 'nics'),
        nicMeasures,
        ({ nics }, name) => nics[name],
      ),
      ...(namesIn([baseline, other], 'bonds').length > 0
        ? [
            differenceTable(
              'bond',
              baseline,
              other,
              namesIn([baseline, other], 'bonds'),
              bondMeasures,
              ({ bonds }, name) => bonds[name],
            ),
          ]
        : []),
    ])
    .map(htmlTable)
    .join('\n')
}

function differenceTable<T>(
  what: string,
  baseline: LabelledRun,
  other: LabelledRun,
  names: readonly string[],
  measures: readonly Measure<T>[],
  find: (results: SavedResults, name: string) => T | undefined,
): HtmlTable {
  const isShort = names.length > mostRows ? `, the first ${mostRows} of ${countText(names.length)}` : ''
  return {
    caption: `${other.label} against ${baseline.label}: each ${what}${isShort}`,
    groups: [{ name: '', columns: 1 }, ...measures.map(({ name }) => ({ name, columns: 3 }))],
    head: [what, ...measures.flatMap(() => [baseline.label, other.label, 'difference'])],
    rows: names.slice(0, mostRows).map((name) => [
      name,
      ...measures.flatMap((measure) => {
        const [from, to] = [baseline, other].map(({ results }) => {
          const found = find(results, name)
          return found && measure.of(found)
        })
        const text = (value: number | undefined): string => (value === undefined ? '-' : measure.format(value))
        return [
          text(from),
          text(to),
          from === undefined || to === undefined ? '-' : differenceText(from, to, measure.isShare),
        ]
      }),
    ]),
  }
}

/** `+12.3 %` of the baseline; shares differ by points of a percentage. */
export function differenceText(from: number, to: number, isShare = false): string {
  const difference = isShare ? to - from : from === 0 ? (to === 0 ? 0 : Infinity) : to / from - 1
  if (Math.abs(difference) < least) return '='
  if (difference === Infinity) return 'from none'
  const sign = difference > 0 ? '+' : '−'
  const percent = Math.abs(difference) * 100
  const digits = percent >= 100 ? 0 : 1
  return `${sign}${percent.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${isShare ? 'points' : '%'}`
}
