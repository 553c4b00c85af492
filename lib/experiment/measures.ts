import { jain } from '../simulation/results.ts'
import type { Latency, Results, VifResults } from '../simulation/results.ts'

// What an experiment can show of a run: one number each.

interface Measure {
  /** In a table's head. */
  title: string
  /** Of the number. */
  unit: MeasureUnit
  /** The number; null where the run has none. */
  of: (results: Results) => number | null
}

export type MeasureUnit = 'b/s' | 'packets/s' | 'ns' | 'share' | 'per thousand' | 'count'

const vifsOf = ({ vifs }: Results): VifResults[] => Object.values(vifs)

const sum = (results: Results, of: (vif: VifResults) => number): number =>
  vifsOf(results).reduce((all, vif) => all + of(vif), 0)

/** Of the vif whose latency is the largest; null where nothing arrived. */
const slowest =
  (key: keyof Latency) =>
  (results: Results): number | null => {
    const waits = vifsOf(results)
      .filter(({ deliveredPackets }) => deliveredPackets > 0)
      .map(({ latencyNs }) => latencyNs[key])
    return waits.length > 0 ? Math.max(...waits) : null
  }

const perThousand = ({ packets }: Results, count: number): number | null =>
  packets.delivered > 0 ? (1000 * count) / packets.delivered : null

const definitions = {
  throughput: {
    title: 'throughput',
    unit: 'b/s',
    of: (results) => sum(results, ({ throughputBps }) => throughputBps),
  },
  packetRate: {
    title: 'packets/s',
    unit: 'packets/s',
    of: ({ packets, simulatedSeconds }) => packets.delivered / simulatedSeconds,
  },
  loss: {
    title: 'lost',
    unit: 'share',
    of: ({ packets: { offered, dropped } }) => (offered > 0 ? dropped / offered : null),
  },
  p50: { title: 'p50', unit: 'ns', of: slowest('p50') },
  p99: { title: 'p99', unit: 'ns', of: slowest('p99') },
  max: { title: 'longest', unit: 'ns', of: slowest('max') },
  nicUtilisation: {
    title: 'NIC busy',
    unit: 'share',
    of: ({ nics }) => Math.max(...Object.values(nics).map(({ utilisation }) => utilisation)),
  },
  cpu: { title: 'CPU busy', unit: 'share', of: ({ backEnd }) => backEnd?.utilisation ?? null },
  nsPerPacket: { title: 'CPU/packet', unit: 'ns', of: ({ backEnd }) => backEnd?.nsPerPacket ?? null },
  packetsPerPoll: { title: 'packets/poll', unit: 'count', of: ({ backEnd }) => backEnd?.packetsPerPoll ?? null },
  eventsIn: {
    title: 'events in',
    unit: 'per thousand',
    of: (results) =>
      perThousand(
        results,
        sum(results, ({ notifications }) => notifications.toBackEnd),
      ),
  },
  eventsOut: {
    title: 'events out',
    unit: 'per thousand',
    of: (results) =>
      perThousand(
        results,
        sum(results, ({ notifications }) => notifications.toFrontEnd),
      ),
  },
  fairness: {
    title: 'fairness',
    unit: 'count',
    of: (results) => jain(vifsOf(results).map(({ deliveredBytes }) => deliveredBytes)),
  },
} as const satisfies Record<string, Measure>

export type MeasureName = keyof typeof definitions

/** What can be measured, by name. */
export const measures: Readonly<Record<MeasureName, Measure>> = definitions
/** In the order in which messages list them. */
export const measureNames = Object.keys(definitions) as [MeasureName, ...MeasureName[]]

export const isMeasure = (name: string): name is MeasureName => Object.hasOwn(definitions, name)

/** Every measure of a run. */
export function measure(results: Results): Record<MeasureName, number | null> {
  const values = measureNames.map((name) => [name, measures[name].of(results)] as const)
  return Object.fromEntries(values) as Record<MeasureName, number | null>
}
