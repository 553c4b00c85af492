import { checkInteger } from '../arguments.ts'
import { mostWeight } from '../policy/policy.ts'
import type { CreditRate } from '../units.ts'
import { Counters } from './counters.ts'
import { readCap, readMinBps } from './setting-checks.ts'
import { directionFlow, sumOf } from './vif-counters.ts'
import type { DirectionFlow, Flow } from './vif-counters.ts'
import type { WorldControl } from './world-control.ts'
import type { WorldHandle } from './world-handle.ts'

/** What went through a vif up to now: both directions together, and each of them. */
export interface VifCounters extends Flow {
  /** What the guest sent. */
  tx: DirectionFlow
  /** What came for the guest. */
  rx: DirectionFlow
  /** How long the shaper held frames back. */
  heldBackSeconds: number
  /** Events that came with nothing to do: a guest that sends many is slowed down. */
  spuriousEvents: number
  /** Events that each side got. One that is sent while the last one has not been handled yet is part of that one. */
  notifications: { toBackEnd: number; toFrontEnd: number }
}

/** A vif of a {@link Simulation}. Once that is closed everything here throws RingbackError ERR_CLOSED. */
export class SimulatedVif {
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

  /** Why the vif is disabled, such as `ring-overflow`; null: it is not. */
  get fault(): string | null {
    return this.#handle.world.fault(this.#row)
  }

  /** Whether the back end is ready to take frames. */
  get carrier(): boolean {
    return this.#handle.world.carrier(this.#row)
  }

  /** The name of its NIC or bridge. */
  get uplink(): string {
    return this.#control.vif(this.#row).uplink
  }

  /** Xen's cap; null: none. */
  get rate(): CreditRate | null {
    return this.#control.vif(this.#row).cap
  }

  /** What it is guaranteed, in bits a second; null: nothing. */
  get min(): number | null {
    return this.#control.vif(this.#row).min.value || null
  }

  /** Its part of what is left beside the mins. */
  get weight(): number {
    return this.#control.vif(this.#row).weight
  }

  /**
   * What the policy gives it, in bits a second; null: no limit. credit: its cap; adaptive: the rate that was set; reserved:
   * its share as the controller last saw it.
   */
  get allocationBps(): number | null {
    return this.#control.allocationBps(this.#row)
  }

  /** Whether the controller takes it for one that would use more. */
  get isBusy(): boolean {
    return this.#control.isBusy(this.#row)
  }

  /** Packets and bytes up to now. */
  counters(): VifCounters {
    const { world } = this.#handle
    return countersOf(new Counters(world.vifCounters, world.vifCounterNames), this.#row)
  }

  /**
   * Brings the guest back with new rings, as a toolstack does after a fault. What was under way is dropped
   * (`drops.disconnected`).
   */
  reconnect(): void {
    this.#handle.world.reconnect(this.#row)
  }

  /**
   * Changes its cap from {@link Simulation.nowNs} on. Where its guest waits for credit, a new window begins.
   *
   * @param rate - in xl's syntax, as in `50Mb/s` or `1MB/s@20ms`, or from parseRate; null: no cap
   * @throws {@link RingbackError} ERR_UNIT, ERR_INVALID_ARGUMENT; ERR_OUT_OF_RANGE, also below its min; nothing is changed
   */
  setRate(rate: string | CreditRate | null): void {
    this.#handle.checkOpen()
    this.#control.changeVif(this.#row, { cap: readCap(rate) })
  }

  /**
   * Changes what it is guaranteed from {@link Simulation.nowNs} on.
   *
   * @param min - as in `300Mb/s`, or bits a second; null or 0: nothing
   * @throws {@link RingbackError} ERR_UNIT, ERR_INVALID_ARGUMENT; ERR_OUT_OF_RANGE, also above its cap; ERR_ADMISSION
   * where the mins on its NIC would not fit; nothing is changed
   */
  setMin(min: string | number | null): void {
    this.#handle.checkOpen()
    this.#control.changeVif(this.#row, { minBps: readMinBps(min) })
  }

  /**
   * Changes its part of what is left beside the mins from {@link Simulation.nowNs} on.
   *
   * @param weight - 1 to 10000
   * @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE; nothing is changed
   */
  setWeight(weight: number): void {
    this.#handle.checkOpen()
    checkInteger(weight, 'weight', 1, mostWeight)
    this.#control.changeVif(this.#row, { weight })
  }
}

/** The counters of vif `row`. */
export function countersOf(counters: Counters, row: number): VifCounters {
  const [tx, rx] = [directionFlow(counters, row, 'tx'), directionFlow(counters, row, 'rx')]
  return {
    ...sumOf(tx, rx),
    tx,
    rx,
    heldBackSeconds: counters.get(row, 'heldBackNs') / 1e9,
    spuriousEvents: counters.get(row, 'spuriousEvents'),
    notifications: {
      toBackEnd: counters.get(row, 'notifiesToBack'),
      toFrontEnd: counters.get(row, 'notifiesToFront'),
    },
  }
}
