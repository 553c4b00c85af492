import { RingbackError } from '../errors.ts'
import { checkScenario } from '../simulation/check-scenario.ts'
import type { Scenario } from '../simulation/scenario.ts'
import type { LoopScenario } from './peers/event-loop.ts'

// One scenario for every simulator: hosts offer 1.25 times their share of a wire of 1 Gb/s in packets of 1500 bytes;
// each is held to 0.9 times its share, may send 16 packets at once, and queues 64.

const packetBytes = 1500
const linkBps = 1e9
const offered = 1.25
const shaped = 0.9
const burstPackets = 16
const queuePackets = 64
/** After so many windows every queue is full, and a world goes on as it is. */
const windowsToFillQueues = 24
/** Packets a second that leave once the first bursts are over. */
const packetsPerSecond = (shaped * linkBps) / (8 * packetBytes)
/** How far what was delivered may be from what was expected. */
const tolerance = 0.001

export interface SizedScenario {
  scenario: Scenario
  /** What the cap lets through. */
  expected: number
}

export interface RingbackScenario extends SizedScenario {
  /** Until here the world fills its queues; then it is measured. */
  warmNs: number
  /** What the cap lets through from then on. */
  expectedWarm: number
}

/**
 * The scenario in Ringback's terms: a window of credit holds 16 packets.
 *
 * @param vifs - how many, from 1
 * @param leastSeconds - to be measured at least; it ends with a window, so that what leaves is known exactly
 */
export function ringbackScenario(vifs: number, payload: 'none' | 'copy', leastSeconds: number): RingbackScenario {
  // Whole bits a second, as xl has them.
  const [shapedBps, offeredBps] = [Math.round((shaped * linkBps) / vifs), Math.round((offered * linkBps) / vifs)]
  // Rounded up: 16 whole packets and a few bytes, which the next window carries.
  const windowUs = Math.ceil((burstPackets * packetBytes * 8e6) / shapedBps)
  const windows = Math.max(1, Math.ceil((leastSeconds * 1e6) / windowUs))
  const seconds = ((windowsToFillQueues + windows) * windowUs) / 1e6
  const gapNs = (packetBytes * 8e9) / offeredBps
  const names = Array.from({ length: vifs }, (_, i) => `vif${i}`)
  const scenario = checkScenario({
    name: `bench-${vifs}`,
    duration: `${Math.round(seconds * 1e6)}us`,
    payload,
    // Windows of all vifs begin together: their bursts wait here, and nothing is lost.
    nics: { eth0: { rate: `${linkBps}b/s`, queue: '1GB', overhead: '0B' } },
    vifs: Object.fromEntries(
      names.map((name) => [
        name,
        // What waits in a guest is on its ring, but for one.
        { uplink: 'eth0', rate: `${shapedBps}b/s@${windowUs}us`, txSlots: queuePackets - 1, backlog: 1 },
      ]),
    ),
    traffic: names.map((vif, i) => ({
      kind: 'constant' as const,
      vif,
      rate: `${offeredBps}b/s`,
      size: packetBytes,
      start: `${Math.round((gapNs * i) / vifs)}ns`,
    })),
    output: { interval: `${Math.round(seconds * 1e6)}us` },
  })
  return {
    scenario,
    expected: packetsPerSecond * seconds,
    warmNs: windowsToFillQueues * windowUs * 1000,
    expectedWarm: (packetsPerSecond * windows * windowUs) / 1e6,
  }
}

/** The same for the event loop, whose buckets are full at first. */
export function loopScenario(hosts: number, leastSeconds: number): { scenario: LoopScenario; expected: number } {
  // Until the first bursts have left, the wire is busy with nothing else: 10 times as long as what it carries beyond.
  const burstSeconds = (hosts * burstPackets) / (linkBps / (8 * packetBytes) - packetsPerSecond)
  const seconds = Math.max(leastSeconds, 1.25 * burstSeconds)
  const scenario = { hosts, seconds, packetBytes, linkBps, offered, shaped, burstPackets, queuePackets }
  const gap = (packetBytes * 8 * hosts) / (offered * linkBps)
  let expected = 0
  // A bucket is full when its host begins, and from then on a packet leaves whenever there is credit for a whole one.
  for (let host = 0; host < hosts; host++)
    expected += Math.floor(burstPackets + (packetsPerSecond / hosts) * (seconds - (gap * host) / hosts))
  return { scenario, expected }
}

/** @throws RingbackError ERR_STATE where a simulator delivered too little or too much */
export function checkDelivered(peer: string, delivered: number, expected: number): void {
  if (Math.abs(delivered / expected - 1) > tolerance)
    throw new RingbackError('ERR_STATE', `${peer}: ${delivered} packets delivered instead of ${Math.round(expected)}`)
}
