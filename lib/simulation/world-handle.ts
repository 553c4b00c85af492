import { RingbackError } from '../errors.ts'
import type { NativeWorld } from './native-binding.ts'

/** What the objects of one simulation share: its world, while there is one, and its time. */
export class WorldHandle {
  /** The virtual time that was reached. */
  nowNs = 0
  #world: NativeWorld | undefined

  constructor(world: NativeWorld) {
    this.#world = world
  }

  /** @throws {@link RingbackError} ERR_CLOSED */
  get world(): NativeWorld {
    if (!this.#world) throw new RingbackError('ERR_CLOSED', 'the simulation is closed')
    return this.#world
  }

  /** @throws {@link RingbackError} ERR_CLOSED */
  checkOpen(): void {
    void this.world
  }

  close(): void {
    this.#world?.close()
    this.#world = undefined
  }
}
