/** A value that holds until it is set anew, and its sum over time. */
export class Gauge {
  #value: number
  #sinceNs = 0
  #sum = 0

  /** @param value - from time 0 on */
  constructor(value: number) {
    this.#value = value
  }

  get value(): number {
    return this.#value
  }

  /** @param nowNs - not before the last change */
  set(value: number, nowNs: number): void {
    this.#sum = this.sum(nowNs)
    this.#sinceNs = nowNs
    this.#value = value
  }

  /** The value times the nanoseconds for which it held, up to `nowNs`. */
  sum(nowNs: number): number {
    return this.#sum + this.#value * (nowNs - this.#sinceNs)
  }
}
