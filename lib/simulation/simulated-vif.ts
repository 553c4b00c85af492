import { Counters } from './counters.ts'
import { directionFlow, sumOf } from './vif-counters.ts'
import type { DirectionFlow, Flow } from './vif-counters.ts'
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

  constructor(handle: WorldHandle, name: string, row: number) {
    this.name = name
    this.#row = row
    this.#handle = handle
  }

  /** Why the vif is disabled, such as `ring-overflow`; null: it is not. */
  get fault(): string | null {
    return this.#handle.world.fault(this.#row)
  }

  /** Whether the back end is ready to take frames. */
  get carrier(): boolean {
    return this.#handle.world.carrier(this.#row)
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
