import type { Counters } from './counters.ts'

/**
 * What a NIC has for the bytes of frames: less than its rate where its wire adds bytes to each, by what the frames that
 * it sent last had of them.
 */
export class UplinkMeter {
  readonly #row: number
  readonly #overheadBytes: number
  #packets = 0
  #bytes = 0
  /** Of the wire's bytes. */
  #part = 1

  /** @param row - of the NIC */
  constructor(row: number, overheadBytes: number) {
    this.#row = row
    this.#overheadBytes = overheadBytes
  }

  /** Looks at the counters. Where nothing was sent since the last time, the part stays as it was. Returns the bytes sent. */
  read(nics: Counters): number {
    const [packets, bytes] = [nics.get(this.#row, 'sentPackets'), nics.get(this.#row, 'sentBytes')]
    const frames = bytes - this.#bytes
    const wire = frames + (packets - this.#packets) * this.#overheadBytes
    if (wire > 0) this.#part = frames / wire
    this.#packets = packets
    this.#bytes = bytes
    return bytes
  }

  /** Bits a second for frames, a whole number. */
  capacityBps(liveBps: number): number {
    return Math.floor(liveBps * this.#part)
  }
}
