/** What a run that is late makes up for at once; of a longer pause the rest is left out. */
const maxLagMs = 1000

/** Virtual time that goes as the clock does, never ahead of it. Takes the time as an argument: performance.now(). */
export class Pace {
  #originMs: number

  /**
   * @param nowNs - the virtual time at which it begins
   * @param clockMs - the clock's
   */
  constructor(nowNs: number, clockMs: number) {
    this.#originMs = clockMs - nowNs / 1e6
  }

  /**
   * The virtual time that the clock allows. Where `nowNs` is behind it by more than a second, as after a pause of the
   * machine or in a scenario that is too much for it, the pace slips: virtual time is late by a second at most.
   */
  limitNs(nowNs: number, clockMs: number): number {
    this.#originMs = Math.max(this.#originMs, clockMs - nowNs / 1e6 - maxLagMs)
    return Math.max(nowNs, Math.floor((clockMs - this.#originMs) * 1e6))
  }
}
