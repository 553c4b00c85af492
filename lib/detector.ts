import { checkInteger, checkObject } from './arguments.ts'
import { RingbackError } from './errors.ts'

/** How a {@link BusynessDetector} judges. The defaults are ours and say why in docs/policies.md. */
export interface DetectorOptions {
  /** A sample at or above this part of the allotted rate makes it busier. Default 0.9. */
  enter: number
  /** One below this part makes it less busy. At most `enter`. Default 0.7. */
  leave: number
  /** So many samples more of the one kind than of the other make it busy, or idle again; 1 to 1000. Default 3. */
  accumulate: number
  /** The least time between two changes, in nanoseconds. Default 200 ms. */
  dwellNs: number
  /** When the counters wrap: at 2^32 or 2^64. Default 64. */
  counterBits: 32 | 64
}

/** Counters at one moment. */
export interface DetectorSample {
  /** Any clock that does not stop; nanoseconds. */
  timeNs: number
  /** A cumulative counter. As a number up to 2^53 - 1; a bigint counts up to 2^64. */
  bytes: number | bigint
  /** What might have been sent since the last sample, bits a second; Infinity: no limit. */
  allottedBps: number
  /** A cumulative counter of the time in which packets were held back; leave it out where nobody counts it. */
  heldBackNs?: number | undefined
  /** The speed of the link: if it changes by more than a third of the higher one, what was seen before says nothing. */
  speedBps?: number | undefined
  /** What the link can carry at most: tells a counter's wrap from its reset. Default: the speed, or else what was allotted. */
  limitBps?: number | undefined
}

const defaults: DetectorOptions = { enter: 0.9, leave: 0.7, accumulate: 3, dwellNs: 200e6, counterBits: 64 }

/**
 * A backlogged guest is held back nearly all the time. One that sends evenly below its rate, a few packets a window, waits
 * for a moment in every other window and wants no more.
 */
const leastHeldPart = 0.5
/** Smaller changes of speed are taken for what frames' overhead leaves of it, which varies. */
const speedTolerance = 1 / 3
/** Counters are read a little late or early, and a shaper lets bursts pass: a wrap may be so much more than the limit. */
const wrapFactor = 2
const wrapSlackBytes = 131_072

/**
 * Whether something would use more than it has, from cumulative counters. Each sample that reaches `enter` of the allotted
 * rate, or in which packets were held back for half of it or more, adds one to a score; one below `leave` takes one away. It is busy once the score
 * is `accumulate`, and idle once it is back at 0.
 *
 * The allotted rate may differ from sample to sample. A counter that was reset, a clock that went back and a link whose
 * speed changed start it anew: idle, with the next interval. A sample at the time of the last one is ignored.
 *
 * @example
 * const detector = new BusynessDetector()
 * detector.update({ timeNs: 0, bytes: 0, allottedBps: 1e9 })
 * detector.update({ timeNs: 1e8, bytes: 12_000_000, allottedBps: 1e9 })
 * detector.rateBps // 960000000
 */
export class BusynessDetector {
  readonly #options: DetectorOptions
  #isBusy = false
  #score = 0
  #changedNs = -Infinity
  #rateBps = 0
  #elapsedNs = 0
  #isAtRate = false
  #isHeldBack: boolean | null = null
  #hasLast = false
  #timeNs = 0
  #bytes: number | bigint = 0
  #heldBackNs: number | undefined = undefined
  #speedBps: number | undefined = undefined

  /** @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE */
  constructor(options: Partial<DetectorOptions> = {}) {
    this.#options = checkDetectorOptions(options)
  }

  get isBusy(): boolean {
    return this.#isBusy
  }

  /** From 0 to `accumulate`. */
  get score(): number {
    return this.#score
  }

  /** What was sent in the last interval that was measured, whole bits a second. */
  get rateBps(): number {
    return this.#rateBps
  }

  /** How long that interval was. */
  get elapsedNs(): number {
    return this.#elapsedNs
  }

  /** Whether that was at or above `enter` of the allotted rate. */
  get isAtRate(): boolean {
    return this.#isAtRate
  }

  /** Whether packets were held back for half of that interval or more; null: nobody counts it. */
  get isHeldBack(): boolean | null {
    return this.#isHeldBack
  }

  /** Forgets everything that it saw. */
  restart(): void {
    this.#isBusy = false
    this.#score = 0
    this.#changedNs = -Infinity
    this.#hasLast = false
    this.#speedBps = undefined
  }

  /**
   * Takes a sample.
   *
   * @returns whether an interval was measured: not at the first sample, nor at one that is ignored or that starts it anew
   * @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE; nothing is changed then
   */
  update(sample: DetectorSample): boolean {
    checkSample(sample, this.#options.counterBits)
    const { timeNs, bytes, heldBackNs } = sample
    const dtNs = timeNs - this.#timeNs
    if (this.#hasLast && dtNs === 0) return false
    const sent = this.#hasLast ? this.#sent(sample, dtNs) : Number.NaN
    const held = heldBackNs === undefined || this.#heldBackNs === undefined ? null : heldBackNs - this.#heldBackNs
    const isMeasured = sent >= 0 && (held === null || held >= 0)
    if (!isMeasured) this.restart()
    this.#hasLast = true
    this.#timeNs = timeNs
    this.#bytes = bytes
    this.#heldBackNs = heldBackNs
    this.#speedBps ??= sample.speedBps
    if (isMeasured) {
      this.#elapsedNs = dtNs
      this.#judge((sent * 8e9) / dtNs, sample.allottedBps, held === null ? null : held / dtNs)
    }
    return isMeasured
  }

  /** Bytes since the last sample; NaN where that cannot be said. */
  #sent({ bytes, allottedBps, speedBps, limitBps }: DetectorSample, dtNs: number): number {
    if (dtNs < 0) return Number.NaN
    const before = this.#speedBps
    if (
      before !== undefined &&
      speedBps !== undefined &&
      Math.abs(speedBps - before) > Math.max(speedBps, before) * speedTolerance
    )
      return Number.NaN
    if (bytes >= this.#bytes) return difference(bytes, this.#bytes)
    const most = (wrapFactor * dtNs * (limitBps ?? speedBps ?? allottedBps)) / 8e9 + wrapSlackBytes
    const wrapped = wrappedDifference(bytes, this.#bytes, this.#options.counterBits)
    return wrapped <= most ? wrapped : Number.NaN
  }

  /** @param heldPart - of the interval; null: nobody counts it */
  #judge(rateBps: number, allottedBps: number, heldPart: number | null): void {
    const { enter, leave, accumulate, dwellNs } = this.#options
    this.#rateBps = Math.round(rateBps)
    this.#isAtRate = rateBps > 0 && rateBps >= enter * allottedBps
    this.#isHeldBack = heldPart === null ? null : heldPart >= leastHeldPart
    if (this.#isAtRate || this.#isHeldBack) this.#score = Math.min(accumulate, this.#score + 1)
    else if (rateBps < leave * allottedBps || rateBps === 0) this.#score = Math.max(0, this.#score - 1)
    const isOver = this.#isBusy ? this.#score === 0 : this.#score === accumulate
    if (!isOver || this.#timeNs - this.#changedNs < dwellNs) return
    this.#isBusy = !this.#isBusy
    this.#changedNs = this.#timeNs
  }
}

function difference(now: number | bigint, before: number | bigint): number {
  if (typeof now === 'number' && typeof before === 'number') return now - before
  return Number(BigInt(now) - BigInt(before))
}

/** Of a counter that is below what it was: how far it went if it wrapped; NaN where it cannot have. */
function wrappedDifference(now: number | bigint, before: number | bigint, bits: 32 | 64): number {
  // Numbers end far below 2^64: only a bigint can have come near.
  if (typeof now === 'bigint' || typeof before === 'bigint')
    return Number(BigInt.asUintN(bits, BigInt(now) - BigInt(before)))
  return bits === 32 ? now - before + 2 ** 32 : Number.NaN
}

function checkSample({ timeNs, bytes, allottedBps, heldBackNs }: DetectorSample, bits: 32 | 64): void {
  if (!Number.isFinite(timeNs)) throw new RingbackError('ERR_OUT_OF_RANGE', 'timeNs must be a finite number')
  checkCounter(bytes, 'bytes', bits)
  if (!(allottedBps >= 0)) throw new RingbackError('ERR_OUT_OF_RANGE', 'allottedBps must be 0 or more')
  if (heldBackNs !== undefined && !(heldBackNs >= 0 && heldBackNs < Infinity))
    throw new RingbackError('ERR_OUT_OF_RANGE', 'heldBackNs must be 0 or more')
}

/** @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE */
export function checkCounter(value: unknown, name: string, bits: 32 | 64): asserts value is number | bigint {
  if (typeof value !== 'number' && typeof value !== 'bigint')
    throw new RingbackError('ERR_INVALID_ARGUMENT', `${name} must be a number or a bigint`)
  const isWhole = typeof value === 'bigint' || Number.isSafeInteger(value)
  if (!isWhole || value < 0 || (bits === 32 ? value >= 2 ** 32 : value >= 2 ** 64))
    throw new RingbackError(
      'ERR_OUT_OF_RANGE',
      `${name} must be a whole number from 0 up to ${bits} bits; above 2^53 - 1 as a bigint`,
    )
}

/** @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE */
export function checkDetectorOptions(options: Partial<DetectorOptions>): DetectorOptions {
  checkObject(options, 'detector')
  const { enter = defaults.enter, leave = Math.min(defaults.leave, enter) } = options
  const { accumulate = defaults.accumulate, dwellNs = defaults.dwellNs, counterBits = defaults.counterBits } = options
  checkPart(enter, 'detector.enter')
  checkPart(leave, 'detector.leave')
  if (leave > enter) throw new RingbackError('ERR_OUT_OF_RANGE', 'detector.leave must be at most detector.enter')
  checkInteger(accumulate, 'detector.accumulate', 1, 1000)
  checkInteger(dwellNs, 'detector.dwellNs', 0, Number.MAX_SAFE_INTEGER)
  if (counterBits !== 32 && counterBits !== 64)
    throw new RingbackError('ERR_OUT_OF_RANGE', 'detector.counterBits must be 32 or 64')
  return { enter, leave, accumulate, dwellNs, counterBits }
}

function checkPart(value: unknown, name: string): asserts value is number {
  if (typeof value !== 'number') throw new RingbackError('ERR_INVALID_ARGUMENT', `${name} must be a number`)
  if (!(value > 0 && value <= 1)) throw new RingbackError('ERR_OUT_OF_RANGE', `${name} must be above 0 and at most 1`)
}
