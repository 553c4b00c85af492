/** What a run that is late makes up for at once; of a longer pause the rest is left out. */
const maxLagMs = 1000

/** Virtual time that goes as the clock does, never ahead of it. Takes the clock's time as an argument: performance.now(). */
export class Pace {
  readonly #nsPerMs: number
  readonly #clockMs: number
  #originNs: number

  /**
   * @param speed - virtual seconds in one of the clock's
   * @param nowNs - the virtual time at which it begins
   * @param clockMs - the clock's then
   */
  constructor(speed: number, nowNs: number, clockMs: number) {
    this.#nsPerMs = speed * 1e6
    this.#originNs = nowNs
    this.#clockMs = clockMs
  }

  /**
   * The virtual time that the clock allows. Where `nowNs` is behind it by more than a second of the clock, as after a pause
   * of the machine or in a scenario that is too much for it, the pace slips: it is late by that second and no more.
   */
  limitNs(nowNs: number, clockMs: number): number {
    const allowedNs = this.#originNs + (clockMs - this.#clockMs) * this.#nsPerMs
    const slipNs = Math.max(0, allowedNs - nowNs - maxLagMs * this.#nsPerMs)
    this.#originNs -= slipNs
    return Math.max(nowNs, Math.floor(allowedNs - slipNs))
  }
}
