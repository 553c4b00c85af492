import { jain } from '../simulation/results.ts'
import type { Latency } from '../simulation/latency.ts'
import type { BondResults, Results, VifResults } from '../simulation/results.ts'
import type { Measure, Scope } from './measure.ts'
import { ofTcp } from './tcp-measures.ts'
import { overTime } from './time-measures.ts'

// What an experiment can show of a run: one number each.

const vifsOf = ({ vifs }: Results, { vifs: names }: Scope): VifResults[] =>
  names ? names.flatMap((name) => (Object.hasOwn(vifs, name) ? [vifs[name]!] : [])) : Object.values(vifs)

const sum = (results: Results, scope: Scope, of: (vif: VifResults) => number): number =>
  vifsOf(results, scope).reduce((all, vif) => all + of(vif), 0)

/** Of the vif whose latency is the largest; null where nothing arrived. */
const slowest =
  (key: keyof Latency) =>
  (results: Results, scope: Scope): number | null => {
    const waits = vifsOf(results, scope)
      .filter(({ deliveredPackets }) => deliveredPackets > 0)
      .map(({ latencyNs }) => latencyNs[key])
    return waits.length > 0 ? Math.max(...waits) : null
  }

const droppedOf =
  ({ cause }: Scope) =>
  ({ drops, droppedPackets }: VifResults): number =>
    cause === undefined ? droppedPackets : drops[cause]

/** Of all bonds together; null where there are none. */
function ofBonds({ bonds }: Results, of: (bond: BondResults) => number): number | null {
  const all = Object.values(bonds)
  return all.length > 0 ? all.reduce((total, bond) => total + of(bond), 0) : null
}

const perThousand = ({ packets }: Results, count: number): number | null =>
  packets.delivered > 0 ? (1000 * count) / packets.delivered : null

const definitions = {
  throughput: {
    title: 'throughput',
    unit: 'b/s',
    heeds: ['vifs'],
    of: (results, scope) => sum(results, scope, ({ throughputBps }) => throughputBps),
  },
  packetRate: {
    title: 'packets/s',
    unit: 'packets/s',
    heeds: ['vifs'],
    of: (results, scope) => sum(results, scope, ({ deliveredPackets }) => deliveredPackets) / results.simulatedSeconds,
  },
  loss: {
    title: 'lost',
    unit: 'share',
    heeds: ['vifs', 'cause'],
    of: (results, scope) => {
      const offered = sum(results, scope, ({ offeredPackets }) => offeredPackets)
      return offered > 0 ? sum(results, scope, droppedOf(scope)) / offered : null
    },
  },
  lost: {
    title: 'lost',
    unit: 'packets',
    heeds: ['vifs', 'cause'],
    of: (results, scope) => sum(results, scope, droppedOf(scope)),
  },
  p50: { title: 'p50', unit: 'ns', heeds: ['vifs'], of: slowest('p50') },
  p99: { title: 'p99', unit: 'ns', heeds: ['vifs'], of: slowest('p99') },
  max: { title: 'longest', unit: 'ns', heeds: ['vifs'], of: slowest('max') },
  nicUtilisation: {
    title: 'NIC busy',
    unit: 'share',
    heeds: [],
    of: ({ nics }) => Math.max(...Object.values(nics).map(({ utilisation }) => utilisation)),
  },
  reordered: {
    title: 'reordered',
    unit: 'packets',
    heeds: [],
    of: (results) => ofBonds(results, ({ reordered }) => reordered),
  },
  failovers: {
    title: 'failovers',
    unit: 'count',
    heeds: [],
    of: (results) => ofBonds(results, ({ failovers }) => failovers),
  },
  cpu: { title: 'CPU busy', unit: 'share', heeds: [], of: ({ backEnd }) => backEnd?.utilisation ?? null },
  nsPerPacket: { title: 'CPU/packet', unit: 'ns', heeds: [], of: ({ backEnd }) => backEnd?.nsPerPacket ?? null },
  packetsPerPoll: {
    title: 'packets/poll',
    unit: 'count',
    heeds: [],
    of: ({ backEnd }) => backEnd?.packetsPerPoll ?? null,
  },
  eventsIn: {
    title: 'events in',
    unit: 'per thousand',
    heeds: [],
    of: (results) =>
      perThousand(
        results,
        sum(results, {}, ({ notifications }) => notifications.toBackEnd),
      ),
  },
  eventsOut: {
    title: 'events out',
    unit: 'per thousand',
    heeds: [],
    of: (results) =>
      perThousand(
        results,
        sum(results, {}, ({ notifications }) => notifications.toFrontEnd),
      ),
  },
  fairness: {
    title: 'fairness',
    unit: 'count',
    heeds: ['vifs'],
    of: (results, scope) => jain(vifsOf(results, scope).map(({ deliveredBytes }) => deliveredBytes)),
  },
  ...ofTcp,
  ...overTime,
} as const satisfies Record<string, Measure>

export type MeasureName = keyof typeof definitions

/** What can be measured, by name. */
export const measures: Readonly<Record<MeasureName, Measure>> = definitions
/** In the order in which messages list them. */
export const measureNames = Object.keys(definitions) as [MeasureName, ...MeasureName[]]

export const isMeasure = (name: string): name is MeasureName => Object.hasOwn(definitions, name)
