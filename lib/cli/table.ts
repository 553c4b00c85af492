import type {
  BackEndResults,
  BondResults,
  DirectionResults,
  NicResults,
  Results,
  VifResults,
} from '../simulation/results.ts'
import type { Scenario } from '../simulation/scenario.ts'
import { enforcedBps, formatBytes, formatCap, formatDuration, formatRate } from '../units.ts'
import { colors, plainTable } from './plain-table.ts'
import { remarks } from './remarks.ts'

/** Rows that a table on a terminal may have; the files have them all. */
const maxRows = 64
const digits = { digits: 4 }

type Rate = Scenario['vifs'][number]['rate']

const count = (value: number): string => value.toLocaleString('en-US')
const percent = (part: number): string => `${(part * 100).toFixed(1)} %`
const shorten = (name: string): string => (name.length > 16 ? `${name.slice(0, 15)}…` : name)
/** Two lines in one cell. */
const both = (packets: number, bytes: number): string => `${count(packets)}\n${formatBytes(bytes, digits)}`

const inYellow = (lines: string): string => lines.split('\n').map(colors.yellow).join('\n')

/** The cells that both directions have: offered to p99, without what stands below the throughput. */
function directionCells(flow: DirectionResults, belowThroughput: string): string[] {
  // What a bridge hands on is under way still: its time is the receiver's.
  const hasArrived = flow.deliveredPackets > flow.forwardedPackets
  const latency = (ns: number): string => (hasArrived ? formatDuration(ns, { digits: 3 }) : '-')
  const dropped = both(flow.droppedPackets, flow.droppedBytes)
  return [
    both(flow.offeredPackets, flow.offeredBytes),
    both(flow.deliveredPackets, flow.deliveredBytes),
    flow.droppedPackets > 0 ? inYellow(dropped) : dropped,
    both(flow.queuedPackets, flow.queuedBytes),
    `${formatRate(flow.throughputBps, digits)}${belowThroughput}`,
    latency(flow.latencyNs.p50),
    latency(flow.latencyNs.p99),
  ]
}

/** What is guaranteed to a vif, and how much of that was missing. */
function minCell({ minBps, shortfall }: VifResults): string {
  const least = minBps === null ? 'none' : formatRate(minBps, digits)
  if (minBps === null && shortfall.ratio === 0) return least
  const short = `${percent(shortfall.ratio)} short`
  return `${least}\n${shortfall.seconds > 0 ? colors.yellow(short) : short}`
}

const isCapChanged = (rate: Rate, vif: VifResults): boolean => vif.rateBps !== (rate && enforcedBps(rate))

/** The cap at the end; as the scenario writes it where it was never changed, or back. */
function capText(rate: Rate, vif: VifResults): string {
  if (vif.rateBps === null) return 'none'
  return rate && !isCapChanged(rate, vif) ? formatCap(rate).replace('@', '\n@') : formatRate(vif.rateBps, digits)
}

/** What a vif's guest sent, and, where something came for it, a row about that. */
function vifRows(
  { name, rate }: Scenario['vifs'][number],
  vif: VifResults,
  { simulatedSeconds, hasMins }: { simulatedSeconds: number; hasMins: boolean },
): string[][] {
  const ofCap =
    vif.rateBps === null || isCapChanged(rate, vif) ? '' : `\n${percent(vif.tx.throughputBps / vif.rateBps)} of cap`
  const heldBack = formatDuration(vif.heldBackSeconds * 1e9, { digits: 3 })
  const sent = [
    colors.cyan(shorten(name)),
    capText(rate, vif),
    ...(hasMins ? [minCell(vif)] : []),
    ...directionCells(vif.tx, ofCap),
    `${heldBack}\n${percent(simulatedSeconds > 0 ? vif.heldBackSeconds / simulatedSeconds : 0)}`,
  ]
  const none = hasMins ? ['', ''] : ['']
  return hasReceived(vif) ? [sent, ['  rx', ...none, ...directionCells(vif.rx, ''), '']] : [sent]
}

const hasReceived = ({ rx }: VifResults): boolean => rx.offeredPackets > 0
const hasNicReceived = ({ receivedPackets, receiveDrops }: NicResults): boolean => receivedPackets + receiveDrops > 0

/** What a NIC sent, and, where something came in, a row about that. */
function nicRows({ name }: Scenario['nics'][number], nic: NicResults): string[][] {
  const sent = [
    colors.cyan(shorten(name)),
    formatRate(nic.rateBps, digits),
    count(nic.sentPackets),
    formatBytes(nic.sentBytes, digits),
    percent(nic.utilisation),
    count(nic.drops),
    formatBytes(nic.droppedBytes, digits),
  ]
  const received = [
    '  rx',
    '',
    count(nic.receivedPackets),
    formatBytes(nic.receivedBytes, digits),
    percent(nic.receiveUtilisation),
    count(nic.receiveDrops),
    formatBytes(nic.receiveDroppedBytes, digits),
  ]
  return hasNicReceived(nic) ? [sent, received] : [sent]
}

/** What a bond did with frames, and what it was at the end. */
function bondRow({ name }: Scenario['bonds'][number], bond: BondResults): string[] {
  const { mode, nics, sentPackets, drops, reordered, failovers, capacityBps, activeNic, upNics } = bond
  const up = `${upNics} of ${nics.length}`
  return [
    colors.cyan(shorten(name)),
    mode,
    formatRate(capacityBps, digits),
    upNics < nics.length ? colors.yellow(up) : up,
    activeNic === null ? '-' : shorten(activeNic),
    count(sentPackets),
    count(drops),
    count(reordered),
    count(failovers),
  ]
}

/** What the back ends' work cost, where it cost anything. */
function backEndLine({ cores, utilisation, wakeups, packetsPerPoll, nsPerPacket }: BackEndResults): string {
  return (
    `back end: ${count(cores)} ${cores === 1 ? 'core' : 'cores'} ${percent(utilisation)} busy, ` +
    `${count(Math.round(nsPerPacket))} ns a packet, ${packetsPerPoll.toFixed(1)} packets a poll, ${count(wakeups)} wake-ups`
  )
}

function limited<T>(items: readonly T[], what: string): { shown: readonly T[]; rest: string } {
  const rest = items.length > maxRows ? `\n... and ${items.length - maxRows} more ${what}; --json or --out has all` : ''
  return { shown: items.slice(0, maxRows), rest }
}

/** The rows of a table's first items, and how many more there are. */
function table<T extends { name: string }, R>(
  what: string,
  head: readonly string[],
  items: readonly T[],
  results: Record<string, R>,
  rows: (item: T, result: R) => string[][],
): string {
  const { shown, rest } = limited(items, what)
  const all = shown.flatMap((item) => {
    const result = results[item.name]
    return result ? rows(item, result) : []
  })
  return plainTable(head, all) + rest
}

/** The tables of a finished run, as printed at its end. */
export function describeRun(scenario: Scenario, results: Results): string {
  const { offered, delivered, dropped, queued, copied } = results.packets
  const simulated = formatDuration(results.simulatedSeconds * 1e9, digits)
  const wall = formatDuration(results.wallSeconds * 1e9, { digits: 3 })
  const speed = count(Math.round(results.packetsPerWallSecond))
  const isOneWay = !Object.values(results.nics).some(hasNicReceived)
  const hasMins = Object.values(results.vifs).some(({ minBps, shortfall }) => minBps !== null || shortfall.ratio > 0)
  const vifHead = [
    'vif',
    'cap',
    ...(hasMins ? ['min'] : []),
    'offered',
    'delivered',
    'dropped',
    'queued',
    'throughput',
    'p50',
    'p99',
    'held back',
  ]
  const nicHead = ['nic', 'rate', isOneWay ? 'sent' : 'packets', 'bytes', 'utilisation', 'dropped', 'bytes']
  const bridgeHead = ['bridge', 'learned', 'moved', 'refused', 'flooded']
  const bridges = table('bridges', bridgeHead, scenario.bridges, results.bridges, ({ name }, bridge) => [
    [colors.cyan(shorten(name)), ...[bridge.learned, bridge.moved, bridge.refused, bridge.flooded].map(count)],
  ])
  const bondHead = ['bond', 'mode', 'carries', 'up', 'active', 'sent', 'dropped', 'reordered', 'failovers']
  const bonds = table('bonds', bondHead, scenario.bonds, results.bonds, (bond, result) => [bondRow(bond, result)])
  const flooded = copied > 0 ? ` (${count(copied)} of them copies)` : ''
  return [
    `${colors.bold(scenario.name)}: ${simulated} simulated in ${wall}, seed ${results.seed}, policy ${results.policy}`,
    '',
    table('vifs', vifHead, scenario.vifs, results.vifs, (vif, result) =>
      vifRows(vif, result, { simulatedSeconds: results.simulatedSeconds, hasMins }),
    ),
    '',
    table('NICs', nicHead, scenario.nics, results.nics, nicRows),
    '',
    ...(scenario.bonds.length > 0 ? [bonds, ''] : []),
    ...(scenario.bridges.length > 0 ? [bridges, ''] : []),
    ...(results.backEnd ? [backEndLine(results.backEnd), ''] : []),
    ...remarks(scenario, results),
    `packets: ${count(offered)} offered${flooded} = ${count(delivered)} delivered + ${count(dropped)} dropped + ${count(queued)} queued`,
    `speed: ${speed} packets/s   trace: ${results.traceHash}`,
    '',
  ].join('\n')
}
