import type { NativeReserve } from './native-binding.ts'
import type { Scenario, ScenarioNic } from './scenario.ts'
import type { NicEvent } from './scenario-control.ts'

// What sharing an uplink may put into its NIC's queue at a time: short enough to be lost nowhere.

/** The window of adaptive's credit, and how far reserved runs ahead of the wire, where the NIC's queue is long enough. */
const usualNs = 1_000_000

/** How long the NIC's queue takes to leave, at the fastest that the NIC becomes. */
function queueNs({ name, queueBytes, rateBps }: ScenarioNic, { events }: Scenario): number {
  const isOf = (event: object): event is NicEvent => (event as NicEvent).nic === name
  const fastest = events.filter(isOf).reduce((most, event) => Math.max(most, event.rateBps ?? 0), rateBps)
  return (queueBytes * 8e9) / fastest
}

/** Of the NIC whose queue is the first to be full. */
const shortestQueueNs = (nics: readonly ScenarioNic[], scenario: Scenario): number =>
  Math.min(...nics.map((nic) => queueNs(nic, scenario)))

/** The window of adaptive's credit, in whole microseconds: all vifs' windows together fill half of a NIC's queue. */
export function windowUsec(scenario: Scenario, nics: readonly ScenarioNic[]): number {
  const { windowNs } = scenario.control
  const ns = windowNs ?? Math.min(usualNs, shortestQueueNs(nics, scenario) / 2)
  return Math.max(1, Math.floor(ns / 1000))
}

/** The golden ratio's fraction of 2^16: its multiples, of any number of rows, lie evenly in that. */
const golden = 40_503
const most = 65_536

/**
 * The window of vif `row`: up to an eighth shorter than the others', so that their windows do not begin together for long.
 * Where they did, and the NIC's queue was too short, it would always be the same vif that finds it full.
 */
export function staggered(usec: number, row: number): number {
  return usec - Math.floor((usec * ((row * golden) % most)) / (8 * most))
}

/**
 * The reserve of an uplink: how far it runs ahead, and a min's burst, fill half of a NIC's queue together. Where NICs differ in
 * overhead, each frame is taken to have the most.
 */
export function reserveOf(scenario: Scenario, nics: readonly ScenarioNic[], rateBps: number): NativeReserve {
  const aheadNs = Math.max(1, Math.floor(Math.min(usualNs, shortestQueueNs(nics, scenario) / 4)))
  const overheadBytes = Math.max(...nics.map((nic) => nic.overheadBytes))
  return { rateBps, overheadBytes, horizonNs: aheadNs, burstNs: aheadNs }
}
