import type { Counters } from './counters.ts'

/** A NIC of an uplink. */
export interface MeteredNic {
  row: number
  overheadBytes: number
}

/**
 * What an uplink's NICs have for the bytes of frames: less than their rate where wires add bytes to each frame, by what the
 * frames that they sent last had of them.
 */
export class UplinkMeter {
  readonly #nics: readonly MeteredNic[]
  readonly #isCopied: boolean
  #frameBytes = 0
  #wireBytes = 0
  /** Of the wires' bytes. */
  #part = 1

  /** @param isCopied - each frame leaves by every NIC */
  constructor(nics: readonly MeteredNic[], isCopied = false) {
    this.#nics = nics
    this.#isCopied = isCopied
  }

  /**
   * Looks at the counters. Where nothing was sent since the last time, the part stays as it was. Returns the bytes of frames
   * that were sent; of copies the most by one NIC.
   */
  read(nics: Counters): number {
    const sent = this.#nics.map(({ row }) => nics.get(row, 'sentBytes'))
    const overheads = this.#nics.map(({ row, overheadBytes }) => nics.get(row, 'sentPackets') * overheadBytes)
    const frameBytes = sum(sent)
    const wireBytes = frameBytes + sum(overheads)
    const wire = wireBytes - this.#wireBytes
    if (wire > 0) this.#part = (frameBytes - this.#frameBytes) / wire
    this.#frameBytes = frameBytes
    this.#wireBytes = wireBytes
    return this.#isCopied ? Math.max(...sent) : frameBytes
  }

  /** Bits a second for frames, a whole number. */
  capacityBps(liveBps: number): number {
    return Math.floor(liveBps * this.#part)
  }
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)
