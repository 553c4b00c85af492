// Xen netback's credit arithmetic, by hand: so many bytes a window, what is left over is kept up to the larger of a
// window's bytes and 128 KiB. Times are nanoseconds, exact up to 2^53.

const mostKeptBytes = 131_072

export class CreditBucket {
  readonly #creditBytes: number
  readonly #windowNs: number
  #remaining: number
  #nextNs: number

  constructor(creditBytes: number, windowNs: number) {
    this.#creditBytes = creditBytes
    this.#windowNs = windowNs
    this.#remaining = creditBytes
    this.#nextNs = windowNs
  }

  /** Whether a packet of this size passes now; what does not pass costs nothing. */
  take(nowNs: number, bytes: number): boolean {
    if (nowNs >= this.#nextNs) {
      const most = Math.max(this.#creditBytes, mostKeptBytes)
      this.#remaining = Math.min(this.#creditBytes + this.#remaining, most)
      this.#nextNs += this.#windowNs
      if (nowNs >= this.#nextNs) this.#nextNs = nowNs + this.#windowNs
    }
    if (bytes > this.#remaining) return false
    this.#remaining -= bytes
    return true
  }
}
