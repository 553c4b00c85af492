import type { NativeWorld } from './native-binding.ts'

/** Wall time of a slice: short enough for a server that simulates beside its work. */
export const sliceMs = 5
const leastEvents = 256
const mostEvents = 1 << 22

/** Runs a world in slices of a few milliseconds, so that the event loop can turn between them. */
export class Slices {
  #events = leastEvents
  #turnedMs = 0
  #nowMs = 0

  /** The event loop turned. */
  begin(): void {
    this.#turnedMs = performance.now()
  }

  /** Runs to `untilNs`, for about a slice, or until a bond has a new capacity. Returns the virtual time reached. */
  run(world: Pick<NativeWorld, 'run' | 'hasNewCapacity'>, untilNs: number): number {
    const before = performance.now()
    const reachedNs = world.run(untilNs, this.#events)
    this.#nowMs = performance.now()
    if (reachedNs < untilNs && !world.hasNewCapacity) this.#adapt(this.#nowMs - before)
    return reachedNs
  }

  /** Whether the slices since begin() took long enough that the event loop should turn. */
  get isTurnDue(): boolean {
    return this.#nowMs - this.#turnedMs >= sliceMs
  }

  /** Finds the number of events that take about a slice, by doubling and halving. */
  #adapt(tookMs: number): void {
    if (tookMs > sliceMs) this.#events = Math.max(leastEvents, this.#events / 2)
    else if (tookMs < sliceMs / 2) this.#events = Math.min(mostEvents, this.#events * 2)
  }
}
