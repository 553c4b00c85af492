import { stripVTControlCharacters } from 'node:util'

import Table from 'cli-table3'
import pc from 'picocolors'

import type { NicResults, Results, VifResults } from '../simulation/results.ts'
import type { Scenario } from '../simulation/scenario.ts'
import { formatBytes, formatCap, formatDuration, formatRate } from '../units.ts'

/** Rows that a table on a terminal may have; the files have them all. */
const maxRows = 64
const digits = { digits: 4 }

/** Colours for standard output: none in a pipe, none with NO_COLOR. */
export const colors = pc.createColors(pc.isColorSupported && Boolean(process.stdout.isTTY))

/** A table without lines but one under its head; columns after the first are aligned to the right. */
export function plainTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const none = {
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
  }
  const table = new Table({
    head: head.map((name) => colors.bold(name)),
    colAligns: head.map((_, i) => (i === 0 ? 'left' : 'right')),
    chars: {
      ...none,
      top: '',
      bottom: '',
      left: '',
      right: '',
      middle: '  ',
      mid: '',
      'mid-mid': '',
      'left-mid': '',
      'right-mid': '',
    },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  table.push(...rows.map((row) => [...row]))
  const lines = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
  const width = Math.max(...lines.map((line) => stripVTControlCharacters(line).length))
  return [...lines.slice(0, 1), colors.dim('-'.repeat(width)), ...lines.slice(1)].join('\n')
}

const count = (value: number): string => value.toLocaleString('en-US')
const percent = (part: number): string => `${(part * 100).toFixed(1)} %`
const shorten = (name: string): string => (name.length > 16 ? `${name.slice(0, 15)}…` : name)
/** Two lines in one cell. */
const both = (packets: number, bytes: number): string => `${count(packets)}\n${formatBytes(bytes, digits)}`

function vifRow({ name, rate }: Scenario['vifs'][number], vif: VifResults, simulatedSeconds: number): string[] {
  const [cap = '', interval] = rate ? formatCap(rate).split('@') : ['none']
  const latency = (ns: number): string => (vif.deliveredPackets > 0 ? formatDuration(ns, { digits: 3 }) : '-')
  const ofCap = vif.rateBps === null ? '' : `\n${percent(vif.throughputBps / vif.rateBps)} of cap`
  const heldBack = formatDuration(vif.heldBackSeconds * 1e9, { digits: 3 })
  const dropped = both(vif.droppedPackets, vif.droppedBytes)
  return [
    colors.cyan(shorten(name)),
    interval === undefined ? cap : `${cap}\n@${interval}`,
    both(vif.offeredPackets, vif.offeredBytes),
    both(vif.deliveredPackets, vif.deliveredBytes),
    vif.droppedPackets > 0 ? dropped.split('\n').map(colors.yellow).join('\n') : dropped,
    both(vif.queuedPackets, vif.queuedBytes),
    `${formatRate(vif.throughputBps, digits)}${ofCap}`,
    latency(vif.latencyNs.p50),
    latency(vif.latencyNs.p99),
    `${heldBack}\n${percent(simulatedSeconds > 0 ? vif.heldBackSeconds / simulatedSeconds : 0)}`,
  ]
}

function nicRow({ name, rateBps }: Scenario['nics'][number], nic: NicResults): string[] {
  return [
    colors.cyan(shorten(name)),
    formatRate(rateBps, digits),
    count(nic.sentPackets),
    formatBytes(nic.sentBytes, digits),
    percent(nic.utilisation),
    count(nic.drops),
    formatBytes(nic.droppedBytes, digits),
  ]
}

function limited<T>(items: readonly T[], what: string): { shown: readonly T[]; rest: string } {
  const rest = items.length > maxRows ? `\n... and ${items.length - maxRows} more ${what}; --json or --out has all` : ''
  return { shown: items.slice(0, maxRows), rest }
}

/** The tables of a finished run, as printed at its end. */
export function describeRun(scenario: Scenario, results: Results): string {
  const vifs = limited(scenario.vifs, 'vifs')
  const nics = limited(scenario.nics, 'NICs')
  const vifHead = ['vif', 'cap', 'offered', 'delivered', 'dropped', 'queued', 'throughput', 'p50', 'p99', 'held back']
  const vifRows = vifs.shown.flatMap((vif) => {
    const result = results.vifs[vif.name]
    return result ? [vifRow(vif, result, results.simulatedSeconds)] : []
  })
  const nicRows = nics.shown.flatMap((nic) => {
    const result = results.nics[nic.name]
    return result ? [nicRow(nic, result)] : []
  })
  const { offered, delivered, dropped, queued } = results.packets
  const simulated = formatDuration(results.simulatedSeconds * 1e9, digits)
  const wall = formatDuration(results.wallSeconds * 1e9, { digits: 3 })
  const speed = count(Math.round(results.packetsPerWallSecond))
  return [
    `${colors.bold(scenario.name)}: ${simulated} simulated in ${wall}, seed ${results.seed}, policy ${results.policy}`,
    '',
    plainTable(vifHead, vifRows) + vifs.rest,
    '',
    plainTable(['nic', 'rate', 'sent', 'bytes', 'utilisation', 'dropped', 'bytes'], nicRows) + nics.rest,
    '',
    `packets: ${count(offered)} offered = ${count(delivered)} delivered + ${count(dropped)} dropped + ${count(queued)} queued`,
    `speed: ${speed} packets/s   trace: ${results.traceHash}`,
    '',
  ].join('\n')
}
