import type { SavedResults } from 'ringback'

import { withBond } from './made-bonds.ts'

// Results that no run gave: every shape that a report must cope with, from seeded numbers.

export interface MadeOptions {
  policy?: SavedResults['policy']
  vifs?: number
  samples?: number
  seconds?: number
  seed?: number
  /** Whether something is sent to the guests too. */
  hasReceived?: boolean
  /** Whether its NIC has a second one beside it, both in a bond. */
  hasBond?: boolean
  scenario?: string
  changes?: SavedResults['changes']
}

/** Numbers from 0 to 1 that depend on the seed alone. */
export function numbersFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const minBps = 300e6
const nicBps = 1e9
/** Of the run: when the neighbours come, when the link fails and comes back, when the neighbours leave. */
const parts = { arrive: 0.2, down: 0.6, up: 0.65, slow: 0.8, leave: 0.9 }

type Vif = SavedResults['vifs'][string]
type VifSeries = SavedResults['series']['vifs'][string]

const drops = (backlog: number): Vif['drops'] => ({
  backlog,
  error: 0,
  nic: 0,
  bridge: 0,
  noBuffer: 0,
  carrier: 0,
  filtered: 0,
  queue: 0,
  expired: 0,
  grant: 0,
  disconnected: 0,
  link: 0,
  bond: 0,
})

function flowOf(offeredBytes: number, deliveredBytes: number) {
  const packets = (bytes: number): number => Math.floor(bytes / 1500)
  const [offeredPackets, deliveredPackets] = [packets(offeredBytes), packets(deliveredBytes)]
  const droppedPackets = offeredPackets - deliveredPackets
  return {
    offeredPackets,
    offeredBytes: Math.round(offeredBytes),
    deliveredPackets,
    deliveredBytes: Math.round(deliveredBytes),
    droppedPackets,
    droppedBytes: droppedPackets * 1500,
    queuedPackets: 0,
    queuedBytes: 0,
    drops: drops(droppedPackets),
  }
}

/** There is no bridge. */
const unbridged = {
  arrivedPackets: 0,
  arrivedBytes: 0,
  copiedPackets: 0,
  copiedBytes: 0,
  forwardedPackets: 0,
  forwardedBytes: 0,
}

/** What a guest wants and gets at a part of the run: `web` always wants 350 Mb/s, the others all that there is. */
function flowAt(part: number, index: number, count: number, policy: string): { demand: number; sent: number } {
  const isDown = part >= parts.down && part < parts.up
  const capacity = isDown ? 0 : part >= parts.slow ? nicBps / 2 : nicBps
  const isThere = index === 0 || (part >= parts.arrive && part < parts.leave)
  if (!isThere) return { demand: 0, sent: 0 }
  const demand = index === 0 ? 350e6 : nicBps
  const isAlone = part < parts.arrive || part >= parts.leave || count === 1
  if (isAlone) return { demand, sent: Math.min(demand, capacity) }
  const first = policy === 'credit' ? capacity / count : Math.min(minBps + 20e6, capacity)
  return { demand, sent: index === 0 ? Math.min(first, demand) : (capacity - first) / (count - 1) }
}

function makeVif(index: number, options: Required<MadeOptions>, t: readonly number[]): [Vif, VifSeries] {
  const { vifs, policy, seed, seconds, hasReceived } = options
  const random = numbersFrom(seed * 1000 + index)
  const flows = t.map((time) => flowAt(time / seconds, index, vifs, policy))
  const wobble = flows.map(() => 1 - random() * 0.03)
  const sent = flows.map((flow, i) => flow.sent * wobble[i]!)
  const received = t.map(() => (hasReceived ? 40e6 * (0.5 + random()) : 0))
  const hasMin = index % 4 === 0
  const step = seconds / Math.max(t.length, 1)
  const bytesOf = (rates: readonly number[]): number => (rates.reduce((sum, bps) => sum + bps, 0) * step) / 8
  const tx = flowOf(bytesOf(flows.map(({ demand }) => demand)), bytesOf(sent))
  const rx = flowOf(bytesOf(received), bytesOf(received))
  const lacking = flows.map(({ demand }, i) => Math.max(Math.min(demand, minBps) - sent[i]!, 0))
  const promised = flows.map(({ demand }) => Math.min(demand, minBps))
  const latencyNs = { p50: 12e3 * (1 + index), p99: 3e6 * (1 + random()), max: 9e6 * (1 + random()) }
  const throughput = (bytes: number): number => (seconds > 0 ? (bytes * 8) / seconds : 0)
  const rateBps = index % 3 === 1 ? 600e6 : null
  const vif: Vif = {
    ...tx,
    offeredBytes: tx.offeredBytes + rx.offeredBytes,
    deliveredBytes: tx.deliveredBytes + rx.deliveredBytes,
    offeredPackets: tx.offeredPackets + rx.offeredPackets,
    deliveredPackets: tx.deliveredPackets + rx.deliveredPackets,
    tx: { ...tx, ...unbridged, throughputBps: throughput(tx.deliveredBytes), latencyNs },
    rx: { ...rx, ...unbridged, throughputBps: throughput(rx.deliveredBytes), latencyNs },
    heldBackSeconds: 0.4 * seconds,
    spuriousEvents: 0,
    notifications: { toBackEnd: 1000, toFrontEnd: 900 },
    throughputBps: throughput(tx.deliveredBytes + rx.deliveredBytes),
    rateBps,
    minBps: hasMin ? minBps : null,
    weight: 1 + (index % 3),
    shortfall: hasMin
      ? {
          ratio: bytesOf(lacking) / Math.max(bytesOf(promised), 1),
          seconds: lacking.filter((bps) => bps > minBps * 0.05).length * step,
        }
      : { ratio: 0, seconds: 0 },
    latencyNs,
    carrier: true,
    fault: null,
  }
  const series: VifSeries = {
    throughputBps: sent.map((bps, i) => bps + received[i]!),
    demandBps: flows.map(({ demand }, i) => demand + received[i]!),
    receiveBps: received,
    allocationBps: flows.map(({ sent: bps }) =>
      policy === 'credit' ? rateBps : Math.max(bps * 1.05, hasMin ? minBps : 1e6),
    ),
    busy: flows.map(({ demand, sent: bps }) => demand > bps * 1.01 || demand >= nicBps),
    minBps: t.map(() => (hasMin ? minBps : null)),
    rateBps: t.map(() => rateBps),
  }

  return [vif, series]
}

function makeNic(seconds: number, t: readonly number[], sent: readonly number[]) {
  const rateBps = t.map((time) => {
    const part = time / seconds
    return part >= parts.down && part < parts.up ? 0 : part >= parts.slow ? nicBps / 2 : nicBps
  })
  const utilisation = rateBps.map((rate, i) => (rate > 0 ? Math.min(sent[i]! / rate, 1) : 0))
  const mean = utilisation.reduce((sum, part) => sum + part, 0) / Math.max(t.length, 1)
  const sentBytes = (sent.reduce((sum, bps) => sum + bps, 0) * seconds) / Math.max(t.length, 1) / 8
  const nic: SavedResults['nics'][string] = {
    sentPackets: Math.floor(sentBytes / 1500),
    sentBytes: Math.round(sentBytes),
    utilisation: mean,
    drops: 0,
    droppedBytes: 0,
    linkDrops: 1234,
    linkDroppedBytes: 1234 * 1500,
    rateBps: nicBps / 2,
    link: 'up',
    receivedPackets: 0,
    receivedBytes: 0,
    receiveUtilisation: 0,
    receiveDrops: 0,
    receiveDroppedBytes: 0,
  }
  return { nic, series: { utilisation, receiveUtilisation: t.map(() => 0), rateBps } }
}

/** Results as a scenario of `guarantee` would give: the first vif has a min of 300 Mb/s, the others want all there is. */
export function makeResults(options: MadeOptions = {}): SavedResults {
  const all: Required<MadeOptions> = {
    policy: 'adaptive',
    vifs: 4,
    samples: 200,
    seconds: 20,
    seed: 1,
    hasReceived: false,
    hasBond: false,
    scenario: 'guarantee',
    changes: [
      { seconds: 12, nic: 'eth0', key: 'link', from: 'up', to: 'down' },
      { seconds: 13, nic: 'eth0', key: 'link', from: 'down', to: 'up' },
      { seconds: 16, nic: 'eth0', key: 'rate', from: nicBps, to: nicBps / 2 },
      { seconds: 16.5, vif: 'web', key: 'weight', from: 2, to: 1 },
      { seconds: 17, vif: 'batch-1', key: 'rate', from: null, to: 600e6 },
    ],
    ...options,
  }
  const { policy, vifs: count, samples, seconds, seed, scenario, changes } = all
  const t = Array.from({ length: samples }, (_, i) => ((i + 1) * seconds) / samples)
  const names = Array.from({ length: count }, (_, i) => (i === 0 ? 'web' : `batch-${i}`))
  const made = names.map((name, i) => [name, ...makeVif(i, all, t)] as const)
  const sent = t.map((_, i) =>
    made.reduce((sum, [, , series]) => sum + series.throughputBps[i]! - series.receiveBps[i]!, 0),
  )
  const { nic, series: nicSeries } = makeNic(seconds, t, sent)
  const total = (unit: 'Packets' | 'Bytes') => {
    const sum = (of: (vif: Vif) => number): number => made.reduce((all, [, vif]) => all + of(vif), 0)
    return {
      offered: sum((vif) => vif[`offered${unit}`]),
      copied: 0,
      delivered: sum((vif) => vif[`delivered${unit}`]),
      dropped: sum((vif) => vif[`dropped${unit}`]),
      queued: 0,
    }
  }
  const results: SavedResults = {
    schema: 'ringback.results/1',
    scenario,
    seed,
    policy,
    aborted: false,
    simulatedSeconds: seconds,
    wallSeconds: 0.5,
    packets: total('Packets'),
    bytes: total('Bytes'),
    packetsPerWallSecond: 1e6,
    traceHash: `0123456789abcde${seed % 10}`,
    vifs: Object.fromEntries(made.map(([name, vif]) => [name, vif])),
    nics: { eth0: nic },
    bridges: {},
    bonds: {},
    uplinks: { eth0: { fairness: 0.9, capacityBps: nicBps / 2, minsScaledSeconds: 1 } },
    changes,
    series: {
      intervalSeconds: seconds / Math.max(samples, 1),
      t,
      vifs: Object.fromEntries(made.map(([name, , series]) => [name, series])),
      nics: { eth0: nicSeries },
      bonds: {},
    },
  }
  return all.hasBond ? withBond(results) : results
}
