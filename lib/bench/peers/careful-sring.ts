// What one writes by hand: Xen's layout and protocol on one page, in JavaScript, for the netif TX ring and nothing
// else. No argument is checked, and there is one class for both sides.

const slots = 256
const mask = slots - 1
const slotWords = 3
const headerBytes = 64
const [reqProd, rspProd] = [0, 2]

export class CarefulSring {
  /** Pushes after which the other side would have to be notified. */
  notified = 0
  readonly #indices: Int32Array
  readonly #slots: Uint32Array
  #produced = 0
  #consumed = 0

  constructor(bytes: Uint8Array) {
    this.#indices = new Int32Array(bytes.buffer, bytes.byteOffset, headerBytes / 4)
    this.#slots = new Uint32Array(bytes.buffer, bytes.byteOffset + headerBytes, slots * slotWords)
  }

  pushRequests(words: Uint32Array, count: number): number {
    const room = slots - ((this.#produced - this.#consumed) | 0)
    const put = count > room ? room : count
    if (put === 0) return 0
    const all = this.#slots
    let index = this.#produced
    for (let i = 0, from = 0; i < put; i++, index++, from += 3) {
      const to = (index & mask) * slotWords
      all[to] = words[from]!
      all[to + 1] = words[from + 1]!
      all[to + 2] = words[from + 2]!
    }
    this.#publish(reqProd, index | 0)
    return put
  }

  consumeRequests(words: Uint32Array, count: number): number {
    const waiting = (Atomics.load(this.#indices, reqProd) - this.#consumed) | 0
    if (waiting > slots) throw new Error('req_prod is more than the ring holds')
    const taken = count > waiting ? waiting : count
    if (taken === 0) return 0
    const all = this.#slots
    let index = this.#consumed
    for (let i = 0, to = 0; i < taken; i++, index++, to += 3) {
      const from = (index & mask) * slotWords
      words[to] = all[from]!
      words[to + 1] = all[from + 1]!
      words[to + 2] = all[from + 2]!
    }
    this.#consumed = index | 0
    return taken
  }

  pushResponses(words: Uint32Array, count: number): void {
    const all = this.#slots
    let index = this.#produced
    for (let i = 0; i < count; i++, index++) all[(index & mask) * slotWords] = words[i]!
    this.#publish(rspProd, index | 0)
  }

  consumeResponses(words: Uint32Array, count: number): number {
    const waiting = (Atomics.load(this.#indices, rspProd) - this.#consumed) | 0
    const taken = count > waiting ? waiting : count
    if (taken === 0) return 0
    const all = this.#slots
    let index = this.#consumed
    for (let i = 0; i < taken; i++, index++) words[i] = all[(index & mask) * slotWords]!
    this.#consumed = index | 0
    return taken
  }

  // Atomics.store is sequentially consistent: the full barrier is in it.
  #publish(producer: number, next: number): void {
    const previous = this.#produced
    this.#produced = next
    Atomics.store(this.#indices, producer, next)
    if ((next - Atomics.load(this.#indices, producer + 1)) >>> 0 < (next - previous) >>> 0) this.notified++
  }
}
