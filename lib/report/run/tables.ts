import type { SavedResults } from '../../simulation/results-schema.ts'
import { dropCauses } from '../../simulation/vif-counters.ts'
import { formatBytes } from '../../units.ts'
import { textElement } from '../markup.ts'
import { htmlTable } from '../table.ts'
import type { LabelledRun } from './labelled-run.ts'
import { rankVifs } from './vif-track.ts'
import { capText, causeText, countText, many, rateText, secondsText, shareText, timeText } from './words.ts'

type Vif = SavedResults['vifs'][string]
type Direction = 'tx' | 'rx'

/** Rows that a table has; results.json has all. */
const mostRows = 256

const bytesText = (bytes: number): string => formatBytes(bytes, { digits: 4 })

/** The figures of a run: vifs, drops by cause, NICs, bonds, bridges, uplinks, the back end. */
export function tablesOf(run: LabelledRun, isOnly: boolean): string {
  const suffix = isOnly ? '' : `, ${run.label}`
  return [
    vifTable(run, suffix),
    dropTable(run, suffix),
    nicTable(run, suffix),
    bondTable(run, suffix),
    uplinkTable(run, suffix),
    bridgeTable(run, suffix),
    totalsTable(run, suffix),
  ]
    .filter((table) => table !== '')
    .join('\n')
}

/** All vifs in their order or, where there are more than can be read, the worst. */
function tableVifs(run: LabelledRun): { vifs: [string, Vif][]; more: string } {
  const { vifs } = run.results
  const names = Object.keys(vifs)
  const rest = names.length - mostRows
  const words = `... and ${countText(rest)} more vifs; results.json has all`
  return {
    vifs: (rest > 0 ? rankVifs([run]).slice(0, mostRows) : names).map((name) => [name, vifs[name]!]),
    more: rest > 0 ? textElement('p', { class: 'about' }, words) : '',
  }
}

function vifTable(run: LabelledRun, suffix: string): string {
  const { vifs, more } = tableVifs(run)
  const head = [
    'vif',
    'min',
    'cap',
    'weight',
    'lacking',
    'for',
    'packets',
    'bytes',
    'packets',
    'bytes',
    'rate',
    'packets',
    'bytes',
    'p50',
    'p99',
    'longest',
    'held back',
  ]
  const groups = [
    { name: '', columns: 1 },
    { name: 'set', columns: 3 },
    { name: 'of the min', columns: 2 },
    { name: 'offered', columns: 2 },
    { name: 'delivered', columns: 3 },
    { name: 'dropped', columns: 2 },
    { name: 'latency', columns: 3 },
    { name: '', columns: 1 },
  ]
  const rows = vifs.map(([name, vif]) => {
    const { minBps, shortfall, latencyNs, deliveredPackets } = vif
    const hasMin = minBps !== null || shortfall.ratio > 0
    const latency = [latencyNs.p50, latencyNs.p99, latencyNs.max].map((ns) =>
      deliveredPackets > 0 ? timeText(ns) : '-',
    )
    return [
      name,
      capText(minBps),
      capText(vif.rateBps),
      String(vif.weight),
      hasMin ? shareText(shortfall.ratio) : '-',
      hasMin ? secondsText(shortfall.seconds) : '-',
      countText(vif.offeredPackets),
      bytesText(vif.offeredBytes),
      countText(deliveredPackets),
      bytesText(vif.deliveredBytes),
      rateText(vif.throughputBps),
      countText(vif.droppedPackets),
      bytesText(vif.droppedBytes),
      ...latency,
      secondsText(vif.heldBackSeconds),
    ]
  })
  return htmlTable({ caption: `Vifs${suffix}: both directions`, groups, head, rows }) + more
}

/** Causes that there were, in both directions. */
function dropTable(run: LabelledRun, suffix: string): string {
  const rows = tableVifs(run).vifs.flatMap(([name, vif]) =>
    (['tx', 'rx'] as const).map((direction) => ({
      name,
      direction,
      drops: vif[direction].drops,
    })),
  )
  const lossy = rows.filter(({ drops }) => Object.values(drops).some((count) => count > 0))
  if (lossy.length === 0) return ''
  const causes = dropCauses.filter((cause) => lossy.some(({ drops }) => drops[cause] > 0))
  const words: Record<Direction, string> = { tx: 'sent', rx: 'received' }
  return htmlTable({
    caption: `Dropped packets by cause${suffix}`,
    head: ['vif', 'direction', ...causes.map(causeText)],
    rows: lossy.map(({ name, direction, drops }) => [
      name,
      words[direction],
      ...causes.map((cause) => countText(drops[cause])),
    ]),
  })
}

function nicTable({ results }: LabelledRun, suffix: string): string {
  const all = Object.entries(results.nics)
  return htmlTable({
    caption: `NICs${suffix}`,
    groups: [
      { name: '', columns: 2 },
      { name: 'sent', columns: 5 },
      { name: 'received', columns: 4 },
      { name: 'link down', columns: 2 },
    ],
    head: [
      'NIC',
      'rate',
      'packets',
      'bytes',
      'of the time',
      'dropped',
      'bytes',
      'packets',
      'bytes',
      'of the time',
      'dropped',
      'dropped',
      'bytes',
    ],
    rows: all
      .slice(0, mostRows)
      .map(([name, nic]) => [
        name,
        nic.rateBps === undefined ? '-' : rateText(nic.rateBps),
        countText(nic.sentPackets),
        bytesText(nic.sentBytes),
        shareText(nic.utilisation),
        countText(nic.drops),
        bytesText(nic.droppedBytes),
        countText(nic.receivedPackets),
        bytesText(nic.receivedBytes),
        shareText(nic.receiveUtilisation),
        countText(nic.receiveDrops),
        countText(nic.linkDrops),
        bytesText(nic.linkDroppedBytes),
      ]),
  })
}

function bondTable({ results }: LabelledRun, suffix: string): string {
  const rows = Object.entries(results.bonds)
    .slice(0, mostRows)
    .map(([name, bond]) => [
      name,
      bond.mode,
      rateText(bond.capacityBps),
      `${bond.upNics} of ${bond.nics.length}`,
      bond.activeNic ?? '-',
      countText(bond.sentPackets),
      bytesText(bond.sentBytes),
      countText(bond.drops),
      countText(bond.inactiveDrops),
      countText(bond.reordered),
      countText(bond.failovers),
      countText(bond.ownFrames),
    ])
  const groups = [
    { name: '', columns: 2 },
    { name: 'at the end', columns: 3 },
    { name: 'sent', columns: 2 },
    { name: 'dropped', columns: 2 },
    { name: '', columns: 3 },
  ]
  const head = ['bond', 'mode', 'carries', 'up', 'in use', 'packets', 'bytes']
  const counts = ['no NIC took', 'came in unused', 'reordered', 'failovers', 'its own frames']
  return rows.length === 0 ? '' : htmlTable({ caption: `Bonds${suffix}`, groups, head: [...head, ...counts], rows })
}

function uplinkTable({ results }: LabelledRun, suffix: string): string {
  const rows = Object.entries(results.uplinks).map(([name, { fairness, capacityBps, minsScaledSeconds }]) => [
    name,
    capacityBps === null ? '-' : rateText(capacityBps),
    fairness === null ? '-' : fairness.toFixed(3),
    secondsText(minsScaledSeconds),
  ])
  const head = ['uplink', 'capacity', "evenness (Jain's index)", 'minimums scaled for']
  return rows.length === 0 ? '' : htmlTable({ caption: `Uplinks${suffix}`, head, rows })
}

function bridgeTable({ results }: LabelledRun, suffix: string): string {
  const rows = Object.entries(results.bridges).map(([name, { learned, moved, refused, flooded }]) => [
    name,
    ...[learned, moved, refused, flooded].map(countText),
  ])
  const head = ['bridge', 'learned', 'moved', 'refused', 'flooded']
  return rows.length === 0 ? '' : htmlTable({ caption: `Bridges${suffix}`, head, rows })
}

function totalsTable({ results: { packets, bytes, backEnd } }: LabelledRun, suffix: string): string {
  const keys = ['offered', 'delivered', 'dropped', 'queued', 'copied'] as const
  const table = htmlTable({
    caption: `The whole run${suffix}`,
    head: ['of all vifs', ...keys],
    rows: [
      ['packets', ...keys.map((key) => countText(packets[key]))],
      ['bytes', ...keys.map((key) => bytesText(bytes[key]))],
    ],
  })
  if (!backEnd) return table
  const words =
    `Back ends: ${many(backEnd.cores, 'core')}, busy ${shareText(backEnd.utilisation)} of the time, ` +
    `${countText(Math.round(backEnd.nsPerPacket))} ns a packet, ${backEnd.packetsPerPoll.toFixed(1)} packets a poll, ` +
    `${many(backEnd.wakeups, 'wake-up')}.`
  return table + textElement('p', {}, words)
}
