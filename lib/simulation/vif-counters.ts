import type { Counters } from './counters.ts'

/** Why a packet was lost, as the addon's counters have it, and what it means. */
const causes = {
  /** No room in the guest's queue. */
  backlog: 'Backlog',
  /** Refused by the back end. */
  error: 'Error',
  /** No room in the queue of a NIC, in either direction. */
  nic: 'Nic',
  /** The bridge had no port to send it to. */
  bridge: 'Bridge',
  /** The driver domain had no page left. */
  noBuffer: 'NoBuffer',
  /** The vif's carrier was off. */
  carrier: 'Carrier',
  /** Sent to a group that the guest did not ask for. */
  filtered: 'Filtered',
  /** The back end's receive queue was full. */
  queue: 'Queue',
  /** Waited 10 s for a buffer of the guest. */
  expired: 'Expired',
  /** The copy into the guest's buffer failed. */
  grant: 'Grant',
  /** Under way when the guest came back with new rings. */
  disconnected: 'Disconnected',
  /** A NIC had no link. */
  link: 'Link',
  /** No NIC of a bond could take it, or it came in on one that is not in use. */
  bond: 'Bond',
} as const

/** Dropped packets by cause. */
export type Drops = Record<keyof typeof causes, number>

/** The causes in the order in which they are told. */
export const dropCauses = Object.keys(causes) as (keyof Drops)[]

export type Unit = 'Packets' | 'Bytes'
export type Direction = 'tx' | 'rx'

/**
 * Packets and bytes of one direction, or of both together, since the start: offered = delivered + dropped + queued.
 *
 * A bridge hands a frame from one vif to another: the sender counts it as delivered (and forwarded), the receiver as
 * offered (and arrived) and then as delivered once more.
 */
export interface Flow {
  /** Offered by the vif's own sources, brought by a bridge (arrived), or made by flooding (copied). */
  offeredPackets: number
  offeredBytes: number
  /** tx: behind the NIC's wire, or with another vif (forwarded); rx: in the guest's hands, or forwarded. */
  deliveredPackets: number
  deliveredBytes: number
  droppedPackets: number
  droppedBytes: number
  /** On the way. */
  queuedPackets: number
  queuedBytes: number
  drops: Drops
}

/** One direction: of what was offered, how much a bridge brought or copied; of what was delivered, how much it took. */
export interface DirectionFlow extends Flow {
  /** Of the offered: brought by a bridge from another vif, or from a source of another vif. */
  arrivedPackets: number
  arrivedBytes: number
  /** Of the offered: copies that flooding made beyond the first. */
  copiedPackets: number
  copiedBytes: number
  /** Of the delivered: handed to another vif, which counts them as arrived. */
  forwardedPackets: number
  forwardedBytes: number
}

/** What went in one direction of vif `row`. */
export function directionFlow(counters: Counters, row: number, direction: Direction): DirectionFlow {
  const get = (name: string): number => counters.get(row, `${direction}${name}`)
  const unit = (unit: Unit) => ({
    offered: get(`Offered${unit}`) + get(`Arrived${unit}`) + get(`Copied${unit}`),
    delivered: get(`Delivered${unit}`) + get(`Forwarded${unit}`),
    dropped: dropCauses.reduce((sum, cause) => sum + get(`Dropped${causes[cause]}${unit}`), 0),
  })
  const [packets, bytes] = [unit('Packets'), unit('Bytes')]
  return {
    offeredPackets: packets.offered,
    offeredBytes: bytes.offered,
    deliveredPackets: packets.delivered,
    deliveredBytes: bytes.delivered,
    droppedPackets: packets.dropped,
    droppedBytes: bytes.dropped,
    queuedPackets: get('QueuedPackets'),
    queuedBytes: get('QueuedBytes'),
    arrivedPackets: get('ArrivedPackets'),
    arrivedBytes: get('ArrivedBytes'),
    copiedPackets: get('CopiedPackets'),
    copiedBytes: get('CopiedBytes'),
    forwardedPackets: get('ForwardedPackets'),
    forwardedBytes: get('ForwardedBytes'),
    drops: mapDrops((cause) => get(`Dropped${causes[cause]}Packets`)),
  }
}

function mapDrops(value: (cause: keyof Drops) => number): Drops {
  return Object.fromEntries(dropCauses.map((cause) => [cause, value(cause)])) as Drops
}

/** Both directions together. */
export function sumOf(tx: Flow, rx: Flow): Flow {
  return {
    offeredPackets: tx.offeredPackets + rx.offeredPackets,
    offeredBytes: tx.offeredBytes + rx.offeredBytes,
    deliveredPackets: tx.deliveredPackets + rx.deliveredPackets,
    deliveredBytes: tx.deliveredBytes + rx.deliveredBytes,
    droppedPackets: tx.droppedPackets + rx.droppedPackets,
    droppedBytes: tx.droppedBytes + rx.droppedBytes,
    queuedPackets: tx.queuedPackets + rx.queuedPackets,
    queuedBytes: tx.queuedBytes + rx.queuedBytes,
    drops: mapDrops((cause) => tx.drops[cause] + rx.drops[cause]),
  }
}

/**
 * Holds each direction of vif `row` to its balance. The queues are counted by looking into them, so this finds every
 * packet that vanished or came twice.
 *
 * @throws Error a defect of the simulator, never of a scenario
 */
export function checkConservation(name: string, row: number, counters: Counters): void {
  for (const direction of ['tx', 'rx'] as const)
    for (const unit of ['Packets', 'Bytes'] as const) {
      const get = (counter: string): bigint => counters.exact(row, `${direction}${counter}${unit}`)
      const dropped = dropCauses.reduce((sum, cause) => sum + get(`Dropped${causes[cause]}`), 0n)
      const [offered, arrived, copied] = [get('Offered'), get('Arrived'), get('Copied')]
      const [delivered, forwarded, queued] = [get('Delivered'), get('Forwarded'), get('Queued')]
      if (offered + arrived + copied !== delivered + forwarded + dropped + queued)
        throw new Error(
          `internal error: vif ${name}, ${direction}, ${unit.toLowerCase()}: offered ${offered} + arrived ${arrived} + ` +
            `copied ${copied} is not delivered ${delivered} + forwarded ${forwarded} + dropped ${dropped} + ` +
            `queued ${queued}; please report it with the scenario`,
        )
    }
}

/** The counters whose sum is the offered bytes of a {@link Flow}. */
export const offeredBytes = (direction: Direction): string[] =>
  ['Offered', 'Arrived', 'Copied'].map((name) => `${direction}${name}Bytes`)

/** Those whose sum is the delivered ones. */
export const deliveredBytes = (direction: Direction): string[] =>
  ['Delivered', 'Forwarded'].map((name) => `${direction}${name}Bytes`)

/** Packets or bytes of a whole run: offered = delivered + dropped + queued. */
export interface Totals {
  /** What the sources offered, and the copies that flooding made. */
  offered: number
  /** Behind a NIC's wire, or in a guest's hands. */
  delivered: number
  dropped: number
  /** Still on the way when the run ended. */
  queued: number
  /** Of the offered: copies that flooding made beyond the first. */
  copied: number
}

/**
 * What all vifs did together. A frame that a bridge hands on is counted once.
 *
 * @throws Error where they do not balance: a defect of the simulator, never of a scenario
 */
export function totalsOf(counters: Counters, vifs: number, unit: Unit): Totals {
  const sum = (name: string): bigint => {
    let all = 0n
    for (let row = 0; row < vifs; row++)
      all += counters.exact(row, `tx${name}${unit}`) + counters.exact(row, `rx${name}${unit}`)
    return all
  }
  const [copied, delivered, queued] = [sum('Copied'), sum('Delivered'), sum('Queued')]
  const offered = sum('Offered') + copied
  const dropped = dropCauses.reduce((all, cause) => all + sum(`Dropped${causes[cause]}`), 0n)
  if (offered !== delivered + dropped + queued)
    throw new Error(
      `internal error: all vifs, ${unit.toLowerCase()}: offered ${offered} is not delivered ${delivered} + ` +
        `dropped ${dropped} + queued ${queued}; please report it with the scenario`,
    )
  return {
    offered: Number(offered),
    delivered: Number(delivered),
    dropped: Number(dropped),
    queued: Number(queued),
    copied: Number(copied),
  }
}
