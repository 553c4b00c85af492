import type { NativeWorld } from './native-binding.ts'
import { enforcedBps } from '../units.ts'
import { Counters } from './counters.ts'
import type { Scenario } from './scenario.ts'
import type { Series } from './series.ts'

/** Packets or bytes of a whole run: offered = delivered + dropped + queued. */
export interface Totals {
  offered: number
  delivered: number
  dropped: number
  /** Still on the way when the run ended. */
  queued: number
}

export interface VifResults {
  offeredPackets: number
  offeredBytes: number
  deliveredPackets: number
  deliveredBytes: number
  droppedPackets: number
  droppedBytes: number
  queuedPackets: number
  queuedBytes: number
  /** Delivered over the whole run. */
  throughputBps: number
  /** What the shaper enforces; null: no cap. */
  rateBps: number | null
  /** Dropped packets by cause: no room in the guest's backlog, refused by the back end, no room in the NIC's queue. */
  drops: { backlog: number; error: number; nic: number }
  /** From the guest's offer to the arrival behind the wire. */
  latencyNs: { p50: number; p99: number; max: number }
  /** How long the shaper held frames back. */
  heldBackSeconds: number
  /** Why the vif was disabled, such as `ring-overflow`; null: it was not. */
  fault: string | null
}

export interface NicResults {
  sentPackets: number
  sentBytes: number
  /** Part of the time in which the wire was busy, 0 to 1. */
  utilisation: number
  /** Packets that found its queue full. */
  drops: number
  droppedBytes: number
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
  bonds: Record<string, never>
  /** Jain's index over the delivered bytes of the vifs on a NIC: 1 is even, 1/n is one for all; null: none delivered. */
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
  const seconds = simulatedNs / 1e9
  for (const unit of ['Packets', 'Bytes'] as const)
    scenario.vifs.forEach(({ name }, row) => checkConservation(name, row, vifCounters, unit))
  const vifs = scenario.vifs.map(
    ({ name, rate }, row) =>
      [
        name,
        {
          ...vifResults(vifCounters, row, seconds),
          rateBps: rate && enforcedBps(rate),
          latencyNs: world.latency(row),
          fault: world.fault(row),
        },
      ] as const,
  )
  const packets = total(
    vifs.map(([, vif]) => vif),
    'Packets',
  )
  return {
    schema: 'ringback.results/1',
    scenario: scenario.name,
    seed: scenario.seed,
    policy: 'credit',
    aborted,
    simulatedSeconds: seconds,
    wallSeconds,
    packets,
    bytes: total(
      vifs.map(([, vif]) => vif),
      'Bytes',
    ),
    packetsPerWallSecond: wallSeconds > 0 ? packets.delivered / wallSeconds : 0,
    traceHash: world.traceHash(),
    vifs: Object.fromEntries(vifs),
    nics: Object.fromEntries(
      scenario.nics.map(({ name }, row) => [name, nicResults(nicCounters, row, simulatedNs)] as const),
    ),
    bonds: {},
    uplinks: fairnessOf(scenario, new Map(vifs.map(([name, { deliveredBytes }]) => [name, deliveredBytes]))),
    series,
  }
}

const causes = ['Backlog', 'Error', 'Nic'] as const

function vifResults(
  counters: Counters,
  row: number,
  seconds: number,
): Omit<VifResults, 'rateBps' | 'latencyNs' | 'fault'> {
  const get = (name: string): number => counters.get(row, name)
  const dropped = (unit: string): number => causes.reduce((sum, cause) => sum + get(`dropped${cause}${unit}`), 0)
  return {
    offeredPackets: get('offeredPackets'),
    offeredBytes: get('offeredBytes'),
    deliveredPackets: get('deliveredPackets'),
    deliveredBytes: get('deliveredBytes'),
    droppedPackets: dropped('Packets'),
    droppedBytes: dropped('Bytes'),
    queuedPackets: get('queuedPackets'),
    queuedBytes: get('queuedBytes'),
    throughputBps: seconds > 0 ? (get('deliveredBytes') * 8) / seconds : 0,
    drops: {
      backlog: get('droppedBacklogPackets'),
      error: get('droppedErrorPackets'),
      nic: get('droppedNicPackets'),
    },
    heldBackSeconds: get('heldBackNs') / 1e9,
  }
}

function nicResults(counters: Counters, row: number, simulatedNs: number): NicResults {
  return {
    sentPackets: counters.get(row, 'sentPackets'),
    sentBytes: counters.get(row, 'sentBytes'),
    utilisation: simulatedNs > 0 ? counters.get(row, 'busyNs') / simulatedNs : 0,
    drops: counters.get(row, 'droppedPackets'),
    droppedBytes: counters.get(row, 'droppedBytes'),
  }
}

/** The queues are counted by looking into them, so this finds every packet that vanished or came twice. */
function checkConservation(name: string, row: number, counters: Counters, unit: 'Packets' | 'Bytes'): void {
  const get = (counter: string): bigint => counters.exact(row, `${counter}${unit}`)
  const dropped = causes.reduce((sum, cause) => sum + get(`dropped${cause}`), 0n)
  const [offered, delivered, queued] = [get('offered'), get('delivered'), get('queued')]
  if (offered !== delivered + dropped + queued)
    throw new Error(
      `internal error: vif ${name} was offered ${offered} ${unit.toLowerCase()}, but delivered ${delivered} + ` +
        `dropped ${dropped} + queued ${queued}; please report it with the scenario`,
    )
}

function total(vifs: readonly VifResults[], unit: 'Packets' | 'Bytes'): Totals {
  const sum = (key: 'offered' | 'delivered' | 'dropped' | 'queued'): number =>
    vifs.reduce((all, vif) => all + vif[`${key}${unit}`], 0)
  return { offered: sum('offered'), delivered: sum('delivered'), dropped: sum('dropped'), queued: sum('queued') }
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
