import { RingbackError } from '../errors.ts'
import { Counters } from './counters.ts'
import { readNicBps } from './setting-checks.ts'
import type { Link } from './settings.ts'
import type { WorldControl } from './world-control.ts'
import type { WorldHandle } from './world-handle.ts'

/** What went through a NIC up to now. */
export interface NicCounters {
  sentPackets: number
  sentBytes: number
  /** Packets to be sent that found its queue full. */
  drops: number
  droppedBytes: number
  /** Packets that were lost because its link was down. */
  linkDrops: number
  linkDroppedBytes: number
  receivedPackets: number
  receivedBytes: number
  /** Packets that found the wire towards this NIC full. */
  receiveDrops: number
  receiveDroppedBytes: number
}

/** A NIC of a {@link Simulation}. Once that is closed everything here throws RingbackError ERR_CLOSED. */
export class SimulatedNic {
  /** As the scenario calls it. */
  readonly name: string
  readonly #row: number
  readonly #handle: WorldHandle
  readonly #control: WorldControl

  constructor(handle: WorldHandle, control: WorldControl, name: string, row: number) {
    this.name = name
    this.#row = row
    this.#handle = handle
    this.#control = control
  }

  /** Its speed, in bits a second, whether the link is up or down. */
  get rateBps(): number {
    return this.#control.nic(this.#row).rateBps
  }

  get link(): Link {
    return this.#control.nic(this.#row).link
  }

  /** Packets and bytes up to now. */
  counters(): NicCounters {
    const { world } = this.#handle
    return nicCountersOf(new Counters(world.nicCounters, world.nicCounterNames), this.#row)
  }

  /** How long its wire has been busy with what was sent. */
  get busySeconds(): number {
    return this.#seconds('busyNs')
  }

  /** How long its wire has been busy with what came in. */
  get receiveBusySeconds(): number {
    return this.#seconds('receiveBusyNs')
  }

  /**
   * Changes its speed from {@link Simulation.nowNs} on. Mins of vifs that no longer fit are scaled.
   *
   * @param rate - as in `1Gb/s`, or bits a second
   * @throws {@link RingbackError} ERR_UNIT, ERR_OUT_OF_RANGE, ERR_INVALID_ARGUMENT; nothing is changed then
   */
  setRate(rate: string | number): void {
    this.#handle.checkOpen()
    this.#control.changeNic(this.#row, { rateBps: readNicBps(rate) })
  }

  /**
   * Plugs its wire in or pulls it from {@link Simulation.nowNs} on. What is to be sent or comes while it is down is lost
   * (`drops.link`).
   *
   * @throws {@link RingbackError} ERR_INVALID_ARGUMENT; nothing is changed then
   */
  setLink(link: Link): void {
    this.#handle.checkOpen()
    if (link !== 'up' && link !== 'down') throw new RingbackError('ERR_INVALID_ARGUMENT', 'link must be up or down')
    this.#control.changeNic(this.#row, { link })
  }

  #seconds(counter: string): number {
    const { world } = this.#handle
    return new Counters(world.nicCounters, world.nicCounterNames).get(this.#row, counter) / 1e9
  }
}

/** The counters of NIC `row`. */
export function nicCountersOf(counters: Counters, row: number): NicCounters {
  const get = (name: string): number => counters.get(row, name)
  return {
    sentPackets: get('sentPackets'),
    sentBytes: get('sentBytes'),
    drops: get('droppedPackets'),
    droppedBytes: get('droppedBytes'),
    linkDrops: get('linkDroppedPackets'),
    linkDroppedBytes: get('linkDroppedBytes'),
    receivedPackets: get('receivedPackets'),
    receivedBytes: get('receivedBytes'),
    receiveDrops: get('receiveDroppedPackets'),
    receiveDroppedBytes: get('receiveDroppedBytes'),
  }
}
