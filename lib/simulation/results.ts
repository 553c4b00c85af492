import type { BondMode } from '../bonding/options.ts'
import type { PolicyName } from '../policy/policy.ts'
import { Counters } from './counters.ts'
import type { Latency } from './latency.ts'
import type { NativeWorld } from './native-binding.ts'
import type { Scenario, ScenarioBond } from './scenario.ts'
import type { Recorded, Series } from './series.ts'
import { capBps } from './settings.ts'
import type { Change, Link } from './settings.ts'
import { shortfallOf } from './shortfall.ts'
import type { Shortfall } from './shortfall.ts'
import { bondCountersOf, bondStateOf } from './simulated-bond.ts'
import type { BondCounters, BondState } from './simulated-bond.ts'
import { nicCountersOf } from './simulated-nic.ts'
import type { NicCounters } from './simulated-nic.ts'
import { countersOf } from './simulated-vif.ts'
import type { VifCounters } from './simulated-vif.ts'
import { tcpResults } from './tcp-results.ts'
import type { TcpResults } from './tcp-results.ts'
import { checkConservation, totalsOf } from './vif-counters.ts'
import type { Direction, DirectionFlow, Flow, Totals } from './vif-counters.ts'
import type { WorldControl } from './world-control.ts'

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
  /** The cap on what the guest sends, as it was at the end and as it is enforced; null: none. */
  rateBps: number | null
  /** What it was guaranteed at the end; null: nothing. */
  minBps: number | null
  weight: number
  /** How much of its min it missed of what the guest had to send. */
  shortfall: Shortfall
  /** From the offer to the arrival: behind the wire, or in the guest's hands. */
  latencyNs: Latency
  tx: DirectionResults
  rx: DirectionResults
  /** Whether the back end is ready to take frames. */
  carrier: boolean
  /** Why the vif was disabled, such as `ring-overflow`; null: it was not. */
  fault: string | null
  /** Only where it has sources of TCP connections. */
  tcp?: TcpResults
}

export interface NicResults extends NicCounters {
  /** Its speed at the end, whether the link was up or down then. */
  rateBps: number
  link: Link
  /** Part of the time in which the wire was busy with what was sent, 0 to 1. */
  utilisation: number
  /** Part of the time in which the wire was busy with what came in, 0 to 1. */
  receiveUtilisation: number
}

/** What went through a bond, and what it was at the end. */
export interface BondResults extends BondCounters, BondState {
  mode: BondMode
  nics: string[]
}

export interface UplinkResults {
  /** Jain's index over the delivered bytes of its vifs: 1 is even, 1/n is one for all; null: none delivered. */
  fairness: number | null
  /** What its NIC or bond could send at the end, 0 with the link down; null: a bridge with no NIC, or with several. */
  capacityBps: number | null
  /** Time in which the mins did not fit, so that each was kept in part only. */
  minsScaledSeconds: number
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
  policy: PolicyName
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
  bonds: Record<string, BondResults>
  /** Only where the scenario has costs. */
  backEnd?: BackEndResults
  /** The NICs, bonds and bridges that vifs are connected to. */
  uplinks: Record<string, UplinkResults>
  /** What was changed while it ran, in order. */
  changes: Change[]
  series: Series
}

export interface RunState {
  scenario: Scenario
  world: NativeWorld
  simulatedNs: number
  wallSeconds: number
  aborted: boolean
  control: WorldControl
  recorded: Recorded
}

/** @throws Error where packets were lost track of: a defect of the simulator, never of a scenario. */
export function buildResults(state: RunState): Results {
  const { scenario, world, simulatedNs, wallSeconds, aborted, control, recorded } = state
  const vifCounters = new Counters(world.vifCounters, world.vifCounterNames)
  const nicCounters = new Counters(world.nicCounters, world.nicCounterNames)
  const bondCounters = new Counters(world.bondCounters, world.bondCounterNames)
  const bridgeCounters = new Counters(world.bridgeCounters, world.bridgeCounterNames)
  scenario.vifs.forEach(({ name }, row) => checkConservation(name, row, vifCounters))
  const seconds = simulatedNs / 1e9
  const vifs = scenario.vifs.map(({ name }, row) => [name, vifResults(row, vifCounters, state)] as const)
  const packets = totalsOf(vifCounters, vifs.length, 'Packets')
  return {
    schema: 'ringback.results/1',
    scenario: scenario.name,
    seed: scenario.seed,
    policy: control.policy,
    aborted,
    simulatedSeconds: seconds,
    wallSeconds,
    packets,
    bytes: totalsOf(vifCounters, vifs.length, 'Bytes'),
    packetsPerWallSecond: wallSeconds > 0 ? packets.delivered / wallSeconds : 0,
    traceHash: world.traceHash(),
    vifs: Object.fromEntries(vifs),
    nics: Object.fromEntries(
      scenario.nics.map(({ name }, row) => [name, nicResults(row, nicCounters, state)] as const),
    ),
    bridges: Object.fromEntries(
      scenario.bridges.map(({ name }, row) => [name, bridgeResults(bridgeCounters, row)] as const),
    ),
    bonds: Object.fromEntries(
      scenario.bonds.map((bond, row) => [bond.name, bondResults(bondCounters, row, bond)] as const),
    ),
    ...backEndOf(world, simulatedNs),
    uplinks: uplinkResults(state, new Map(vifs.map(([name, { deliveredBytes }]) => [name, deliveredBytes]))),
    changes: control.settings.changes.map((change) => ({ ...change })),
    series: recorded.series,
  }
}

function vifResults(row: number, counters: Counters, { world, simulatedNs, control, recorded }: RunState): VifResults {
  const seconds = simulatedNs / 1e9
  const { cap, min, weight } = control.vif(row)
  const missed = recorded.shortfalls[row]
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
    rateBps: capBps(cap),
    minBps: min.value || null,
    weight,
    shortfall: missed ? shortfallOf(missed) : { ratio: 0, seconds: 0 },
    latencyNs: world.latency(row, 'all'),
    tx: directed(counted.tx, 'tx'),
    rx: directed(counted.rx, 'rx'),
    carrier: world.carrier(row),
    fault: world.fault(row),
    ...tcpResults(world, row, simulatedNs),
  }
}

function nicResults(row: number, counters: Counters, { simulatedNs, control }: RunState): NicResults {
  const part = (name: string): number => (simulatedNs > 0 ? counters.get(row, name) / simulatedNs : 0)
  const { rateBps, link } = control.nic(row)
  return {
    ...nicCountersOf(counters, row),
    rateBps,
    link,
    utilisation: part('busyNs'),
    receiveUtilisation: part('receiveBusyNs'),
  }
}

function bondResults(counters: Counters, row: number, bond: ScenarioBond): BondResults {
  const { mode, nics } = bond
  return { mode, nics: [...nics], ...bondCountersOf(counters, row), ...bondStateOf(counters, row, bond) }
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

function uplinkResults(
  { scenario: { vifs }, control, simulatedNs }: RunState,
  delivered: ReadonlyMap<string, number>,
): Results['uplinks'] {
  const names = [...new Set(vifs.map(({ uplink }) => uplink))]
  const bytesOf = (wanted: string): number[] =>
    vifs.filter(({ uplink }) => uplink === wanted).map(({ name }) => delivered.get(name) ?? 0)
  const result = (name: string): UplinkResults => ({
    fairness: jain(bytesOf(name)),
    capacityBps: control.capacityBps(name),
    minsScaledSeconds: control.minsScaledSeconds(name, simulatedNs),
  })
  return Object.fromEntries(names.map((name) => [name, result(name)]))
}
