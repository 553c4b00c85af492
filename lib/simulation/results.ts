import { enforcedBps } from '../units.ts'
import { Counters } from './counters.ts'
import type { NativeWorld } from './native-binding.ts'
import type { Scenario, ScenarioVif } from './scenario.ts'
import type { Series } from './series.ts'
import { countersOf } from './simulated-vif.ts'
import type { VifCounters } from './simulated-vif.ts'
import { checkConservation, totalsOf } from './vif-counters.ts'
import type { Direction, DirectionFlow, Flow, Totals } from './vif-counters.ts'

/** Nanoseconds from the offer to the arrival, of delivered packets; 0 where there was none. */
export interface Latency {
  /** Within 1 %. */
  p50: number
  /** Within 1 %. */
  p99: number
  /** Exact. */
  max: number
}

/** What went in one direction of a vif. */
export interface DirectionResults extends DirectionFlow {
  /** Delivered over the whole run. */
  throughputBps: number
  latencyNs: Latency
}

/** What went through a vif: both directions together, and each of them. */
export interface VifResults extends VifCounters {
  /** Delivered over the whole run, in both directions. */
  throughputBps: number
  /** What the shaper enforces on what the guest sends; null: no cap. */
  rateBps: number | null
  /** From the offer to the arrival: behind the wire, or in the guest's hands. */
  latencyNs: Latency
  tx: DirectionResults
  rx: DirectionResults
  /** Whether the back end is ready to take frames. */
  carrier: boolean
  /** Why the vif was disabled, such as `ring-overflow`; null: it was not. */
  fault: string | null
}

export interface NicResults {
  sentPackets: number
  sentBytes: number
  /** Part of the time in which the wire was busy with what was sent, 0 to 1. */
  utilisation: number
  /** Packets to be sent that found its queue full. */
  drops: number
  droppedBytes: number
  receivedPackets: number
  receivedBytes: number
  /** Part of the time in which the wire was busy with what came in, 0 to 1. */
  receiveUtilisation: number
  /** Packets that found the wire towards this NIC full. */
  receiveDrops: number
  receiveDroppedBytes: number
}

export interface BridgeResults {
  /** Addresses that it learned, each time anew after they had aged. */
  learned: number
  /** Addresses that were heard on another port than before. */
  moved: number
  /** Frames whose source it could not learn: the table, or the port's share of it, was full. */
  refused: number
  /** Packets that went to every port, for want of a known one. */
  flooded: number
}

/** What the back ends' work cost. */
export interface BackEndResults {
  /** Of the driver domain. */
  cores: number
  /** The time that all cores together spent. */
  busySeconds: number
  /** Part of the time of all cores, 0 to 1. */
  utilisation: number
  /** Events that were handled. */
  wakeups: number
  /** Times that a transmit ring or a receive queue was looked at with packets found there. */
  polls: number
  /** 0 where there was no poll. */
  packetsPerPoll: number
  /** Busy time over the packets that back ends took or placed; 0 where there were none. */
  nsPerPacket: number
}

/** What a run gave. */
export interface Results {
  schema: 'ringback.results/1'
  /** The scenario's name. */
  scenario: string
  seed: number
  policy: 'credit'
  /** True where the run was stopped before its end: everything is as of simulatedSeconds. */
  aborted: boolean
  simulatedSeconds: number
  wallSeconds: number
  packets: Totals
  bytes: Totals
  /** Delivered packets over wall time. */
  packetsPerWallSecond: number
  /** 16 hex digits; the same scenario and seed give the same on every machine. */
  traceHash: string
  vifs: Record<string, VifResults>
  nics: Record<string, NicResults>
  bridges: Record<string, BridgeResults>
  bonds: Record<string, never>
  /** Only where the scenario has costs. */
  backEnd?: BackEndResults
  /** Jain's index over the delivered bytes of the vifs on a NIC or bridge: 1 is even, 1/n is one for all; null: none delivered. */
  uplinks: Record<string, { fairness: number | null }>
  series: Series
}

export interface RunState {
  scenario: Scenario
  world: NativeWorld
  simulatedNs: number
  wallSeconds: number
  aborted: boolean
  series: Series
}

/** @throws Error where packets were lost track of: a defect of the simulator, never of a scenario. */
export function buildResults({ scenario, world, simulatedNs, wallSeconds, aborted, series }: RunState): Results {
  const vifCounters = new Counters(world.vifCounters, world.vifCounterNames)
  const nicCounters = new Counters(world.nicCounters, world.nicCounterNames)
  const bridgeCounters = new Counters(world.bridgeCounters, world.bridgeCounterNames)
  scenario.vifs.forEach(({ name }, row) => checkConservation(name, row, vifCounters))
  const seconds = simulatedNs / 1e9
  const vifs = scenario.vifs.map((vif, row) => [vif.name, vifResults(vif, row, vifCounters, world, seconds)] as const)
  const packets = totalsOf(vifCounters, vifs.length, 'Packets')
  return {
    schema: 'ringback.results/1',
    scenario: scenario.name,
    seed: scenario.seed,
    policy: 'credit',
    aborted,
    simulatedSeconds: seconds,
    wallSeconds,
    packets,
    bytes: totalsOf(vifCounters, vifs.length, 'Bytes'),
    packetsPerWallSecond: wallSeconds > 0 ? packets.delivered / wallSeconds : 0,
    traceHash: world.traceHash(),
    vifs: Object.fromEntries(vifs),
    nics: Object.fromEntries(
      scenario.nics.map(({ name }, row) => [name, nicResults(nicCounters, row, simulatedNs)] as const),
    ),
    bridges: Object.fromEntries(
      scenario.bridges.map(({ name }, row) => [name, bridgeResults(bridgeCounters, row)] as const),
    ),
    bonds: {},
    ...backEndOf(world, simulatedNs),
    uplinks: fairnessOf(scenario, new Map(vifs.map(([name, { deliveredBytes }]) => [name, deliveredBytes]))),
    series,
  }
}

function vifResults(
  { rate }: ScenarioVif,
  row: number,
  counters: Counters,
  world: NativeWorld,
  seconds: number,
): VifResults {
  const bps = ({ deliveredBytes }: Flow): number => (seconds > 0 ? (deliveredBytes * 8) / seconds : 0)
  const directed = (flow: DirectionFlow, direction: Direction): DirectionResults => ({
    ...flow,
    throughputBps: bps(flow),
    latencyNs: world.latency(row, direction),
  })
  const counted = countersOf(counters, row)
  return {
    ...counted,
    throughputBps: bps(counted),
    rateBps: rate && enforcedBps(rate),
    latencyNs: world.latency(row, 'all'),
    tx: directed(counted.tx, 'tx'),
    rx: directed(counted.rx, 'rx'),
    carrier: world.carrier(row),
    fault: world.fault(row),
  }
}

function nicResults(counters: Counters, row: number, simulatedNs: number): NicResults {
  const get = (name: string): number => counters.get(row, name)
  const part = (busyNs: number): number => (simulatedNs > 0 ? busyNs / simulatedNs : 0)
  return {
    sentPackets: get('sentPackets'),
    sentBytes: get('sentBytes'),
    utilisation: part(get('busyNs')),
    drops: get('droppedPackets'),
    droppedBytes: get('droppedBytes'),
    receivedPackets: get('receivedPackets'),
    receivedBytes: get('receivedBytes'),
    receiveUtilisation: part(get('receiveBusyNs')),
    receiveDrops: get('receiveDroppedPackets'),
    receiveDroppedBytes: get('receiveDroppedBytes'),
  }
}

function bridgeResults(counters: Counters, row: number): BridgeResults {
  return {
    learned: counters.get(row, 'learnedAddresses'),
    moved: counters.get(row, 'movedAddresses'),
    refused: counters.get(row, 'refusedAddresses'),
    flooded: counters.get(row, 'floodedPackets'),
  }
}

function backEndOf(world: NativeWorld, simulatedNs: number): { backEnd?: BackEndResults } {
  const counted = world.backEnd()
  if (!counted) return {}
  const { cores, busyNs, wakeups, polls, packets } = counted
  const utilisation = simulatedNs > 0 ? busyNs / (cores * simulatedNs) : 0
  const packetsPerPoll = polls > 0 ? packets / polls : 0
  const nsPerPacket = packets > 0 ? busyNs / packets : 0
  return { backEnd: { cores, busySeconds: busyNs / 1e9, utilisation, wakeups, polls, packetsPerPoll, nsPerPacket } }
}

/** Jain's index, (sum x)^2 / (n sum x^2). */
export function jain(values: readonly number[]): number | null {
  const sum = values.reduce((all, value) => all + value, 0)
  const squares = values.reduce((all, value) => all + value * value, 0)
  return squares > 0 ? (sum * sum) / (values.length * squares) : null
}

function fairnessOf(scenario: Scenario, delivered: ReadonlyMap<string, number>): Results['uplinks'] {
  const uplinks = [...new Set(scenario.vifs.map(({ uplink }) => uplink))]
  const bytesOf = (wanted: string): number[] =>
    scenario.vifs.filter(({ uplink }) => uplink === wanted).map(({ name }) => delivered.get(name) ?? 0)
  return Object.fromEntries(uplinks.map((uplink) => [uplink, { fairness: jain(bytesOf(uplink)) }]))
}
