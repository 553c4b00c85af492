// A simulator written by hand for one scenario: it moves numbers, no rings, no grants, no bytes. Hosts offer packets at
// even distances; each has a queue and a token bucket; an access link leads to one shared wire. A binary heap of typed
// arrays holds the events; times are seconds.

export interface LoopScenario {
  hosts: number
  seconds: number
  packetBytes: number
  /** Of the shared wire. */
  linkBps: number
  /** Each host offers this part of its share of the wire. */
  offered: number
  /** Each host may send this part of its share. */
  shaped: number
  burstPackets: number
  queuePackets: number
}

const accessBps = 10e9
const accessSeconds = 10e-6
const [kindStep, hostMask] = [65_536, 65_535]
const kind = { offer: 0, credit: kindStep, arrive: 2 * kindStep, sent: 3 * kindStep } as const

/** A binary heap: the earliest event first. A value is a kind and a host. */
class EventHeap {
  readonly #times: Float64Array
  readonly #values: Int32Array
  #count = 0

  constructor(most: number) {
    this.#times = new Float64Array(most)
    this.#values = new Int32Array(most)
  }

  get nextTime(): number {
    return this.#times[0]!
  }

  push(value: number, time: number): void {
    const [times, values] = [this.#times, this.#values]
    let at = this.#count++
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (times[parent]! <= time) break
      times[at] = times[parent]!
      values[at] = values[parent]!
      at = parent
    }
    times[at] = time
    values[at] = value
  }

  pop(): number {
    const [times, values] = [this.#times, this.#values]
    const first = values[0]!
    const count = --this.#count
    const [time, value] = [times[count]!, values[count]!]
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= count) break
      if (child + 1 < count && times[child + 1]! < times[child]!) child++
      if (times[child]! >= time) break
      times[at] = times[child]!
      values[at] = values[child]!
      at = child
    }
    times[at] = time
    values[at] = value
    return first
  }
}

/** Runs the scenario; returns how many packets the wire delivered. */
export function runEventLoop(scenario: LoopScenario): number {
  const { hosts, seconds, packetBytes, linkBps, offered, shaped, burstPackets, queuePackets } = scenario
  const share = linkBps / hosts
  const gap = (packetBytes * 8) / (offered * share)
  const access = (packetBytes * 8) / accessBps + accessSeconds
  const onWire = (packetBytes * 8) / linkBps
  const bytesPerSecond = (shaped * share) / 8
  const burst = burstPackets * packetBytes
  // An offer and a credit event a host, and at most a burst of each on its access link.
  const heap = new EventHeap(hosts * (2 + burstPackets) + 2)
  const tokens = new Float64Array(hosts).fill(burst)
  const counted = new Float64Array(hosts)
  const queued = new Int32Array(hosts)
  const isWaiting = new Uint8Array(hosts)
  let [delivered, onLink, isBusy] = [0, 0, false]
  for (let host = 0; host < hosts; host++) heap.push(kind.offer + host, (gap * host) / hosts)
  for (;;) {
    const now = heap.nextTime
    if (now >= seconds) return delivered
    const event = heap.pop()
    const what = event & ~hostMask
    const host = event & hostMask
    if (what === kind.arrive) {
      if (isBusy) onLink++
      else heap.push(kind.sent, now + onWire)
      isBusy = true
      continue
    }
    if (what === kind.sent) {
      delivered++
      if (onLink > 0) {
        onLink--
        heap.push(kind.sent, now + onWire)
      } else {
        isBusy = false
      }
      continue
    }
    if (what === kind.offer) {
      heap.push(event, now + gap)
      if (queued[host] === queuePackets) continue
      queued[host]!++
      if (isWaiting[host] === 1) continue
    }
    isWaiting[host] = 0
    while (queued[host]! > 0) {
      tokens[host] = Math.min(burst, tokens[host]! + (now - counted[host]!) * bytesPerSecond)
      counted[host] = now
      if (tokens[host] + 1e-6 < packetBytes) {
        isWaiting[host] = 1
        heap.push(kind.credit + host, now + (packetBytes - tokens[host]) / bytesPerSecond + 1e-12)
        break
      }
      tokens[host] -= packetBytes
      queued[host]!--
      heap.push(kind.arrive + host, now + access)
    }
  }
}
