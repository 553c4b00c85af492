import { RingbackError } from '../errors.ts'
import { type BackRing, type FrontRing, type RingKind, type RingOptions, ringWords } from './ring.ts'
import { checkRingOptions, checkWords, headerBytes, headerWord, ringEntries } from './ring-memory.ts'
import { type SlotCopies, slotCopies } from './slot-copies.ts'

const { reqProd, reqEvent, rspProd, rspEvent } = headerWord

/**
 * Publishes a producer and decides whether the other side asked to be woken, as Xen's RING_PUSH_*_AND_CHECK_NOTIFY
 * does. The event is the word after its producer.
 *
 * Every Atomics operation is sequentially consistent: the store orders the slots before it, and it is also the full
 * fence before looking at the event.
 */
function publish(header: Int32Array, producer: number, previous: number, next: number): boolean {
  Atomics.store(header, producer, next)
  return (next - Atomics.load(header, producer + 1)) >>> 0 < (next - previous) >>> 0
}

// Indices are signed 32-bit here: `(a - b) | 0` and `>>> 0` are then the whole arithmetic modulo 2^32, and V8 keeps such
// numbers out of the heap.
function viewIndices(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, headerBytes / 4)
}

function viewSlots(kind: RingKind, bytes: Uint8Array, entries: number): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset + headerBytes, entries * ringWords[kind].slot)
}

/** The shared indices, if they are still there. */
function usable(indices: Int32Array, closed: boolean): Int32Array {
  if (closed) throw new RingbackError('ERR_CLOSED', 'the ring is closed')
  if (indices.length === 0) throw new RingbackError('ERR_STATE', "the ring's memory was detached or resized")
  return indices
}

/** The front end in JavaScript, on the same bytes as the native one. */
export class JsFrontRing implements FrontRing {
  readonly kind: RingKind
  readonly entries: number
  readonly #indices: Int32Array
  readonly #slots: Uint32Array
  readonly #mask: number
  readonly #copies: SlotCopies
  readonly #requestWords: number
  readonly #responseWords: number
  #closed = false
  #notify = false
  #reqProd: number
  #rspCons: number
  #seenRspProd: number

  /**
   * @param options memory that holds an initialised ring, see {@link createRingMemory}
   * @throws RingbackError ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
   */
  constructor(options: RingOptions) {
    const { kind, bytes, startIndex } = checkRingOptions(options)
    this.kind = kind
    this.entries = ringEntries(kind, bytes.length)
    this.#indices = viewIndices(bytes)
    this.#slots = viewSlots(kind, bytes, this.entries)
    this.#mask = this.entries - 1
    this.#copies = slotCopies[kind]
    this.#requestWords = ringWords[kind].request
    this.#responseWords = ringWords[kind].response
    this.#reqProd = this.#rspCons = this.#seenRspProd = startIndex | 0
  }

  get notify(): boolean {
    return this.#notify
  }

  get freeRequests(): number {
    this.#header()
    return this.entries - ((this.#reqProd - this.#rspCons) | 0)
  }

  pushRequests(words: Uint32Array, count: number): number {
    const header = this.#header()
    checkWords(words, count, this.#requestWords)
    const previous = this.#reqProd
    const put = Math.min(count, this.entries - ((previous - this.#rspCons) | 0))
    this.#notify = false
    if (put === 0) return 0
    this.#copies.writeRequests(this.#slots, this.#mask, previous, words, put)
    this.#reqProd = (previous + put) | 0
    this.#notify = publish(header, reqProd, previous, this.#reqProd)
    return put
  }

  consumeResponses(words: Uint32Array, count: number): number {
    const header = this.#header()
    checkWords(words, count, this.#responseWords)
    const index = this.#rspCons
    let taken = (this.#seenRspProd - index) | 0
    if (taken < count) {
      const produced = Atomics.load(header, rspProd)
      taken = (produced - index) >>> 0
      if (taken > (this.#reqProd - index) >>> 0)
        throw new RingbackError('ERR_PEER', 'rsp_prod is beyond the requests: the back end is broken')
      this.#seenRspProd = produced
    }
    if (taken > count) taken = count
    this.#copies.readResponses(this.#slots, this.#mask, index, words, taken)
    this.#rspCons = (index + taken) | 0
    return taken
  }

  unconsumedResponses(): number {
    return (Atomics.load(this.#header(), rspProd) - this.#rspCons) >>> 0
  }

  finalCheckForResponses(): boolean {
    if (this.unconsumedResponses() > 0) return true
    Atomics.store(this.#header(), rspEvent, (this.#rspCons + 1) | 0)
    return this.unconsumedResponses() > 0
  }

  close(): void {
    this.#closed = true
  }

  #header(): Int32Array {
    return usable(this.#indices, this.#closed)
  }
}

/** The back end in JavaScript, on the same bytes as the native one. */
export class JsBackRing implements BackRing {
  readonly kind: RingKind
  readonly entries: number
  readonly #indices: Int32Array
  readonly #slots: Uint32Array
  readonly #mask: number
  readonly #copies: SlotCopies
  readonly #requestWords: number
  readonly #responseWords: number
  #closed = false
  #notify = false
  #reqCons: number
  #rspProd: number
  #seenReqProd: number

  /**
   * Connects to a ring, new or left by another back end, and goes on at its response producer.
   *
   * @param options memory that holds an initialised ring
   * @throws RingbackError ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE; ERR_PEER when the producers cannot be a ring's
   */
  constructor(options: RingOptions) {
    const { kind, bytes } = checkRingOptions(options)
    this.kind = kind
    this.entries = ringEntries(kind, bytes.length)
    this.#indices = viewIndices(bytes)
    this.#slots = viewSlots(kind, bytes, this.entries)
    this.#mask = this.entries - 1
    this.#copies = slotCopies[kind]
    this.#requestWords = ringWords[kind].request
    this.#responseWords = ringWords[kind].response
    this.#reqCons = this.#rspProd = Atomics.load(this.#indices, rspProd)
    this.#seenReqProd = Atomics.load(this.#indices, reqProd)
    if ((this.#seenReqProd - this.#reqCons) >>> 0 > this.entries)
      throw new RingbackError('ERR_PEER', 'req_prod - rsp_prod is more than the ring holds: refused to attach')
  }

  get notify(): boolean {
    return this.#notify
  }

  get unansweredRequests(): number {
    this.#header()
    return (this.#reqCons - this.#rspProd) | 0
  }

  consumeRequests(words: Uint32Array, count: number): number {
    const header = this.#header()
    checkWords(words, count, this.#requestWords)
    const index = this.#reqCons
    let taken = (this.#seenReqProd - index) | 0
    if (taken < count) {
      const produced = Atomics.load(header, reqProd)
      taken = (produced - index) >>> 0
      if (taken > this.#room())
        throw new RingbackError('ERR_PEER', 'req_prod is more than the ring holds: the front end is broken')
      this.#seenReqProd = produced
    }
    if (taken > count) taken = count
    this.#copies.readRequests(this.#slots, this.#mask, index, words, taken)
    this.#reqCons = (index + taken) | 0
    return taken
  }

  pushResponses(words: Uint32Array, count: number): void {
    const header = this.#header()
    checkWords(words, count, this.#responseWords)
    const previous = this.#rspProd
    const unanswered = (this.#reqCons - previous) | 0
    if (count > unanswered)
      throw new RingbackError(
        'ERR_OUT_OF_RANGE',
        `count must be at most ${unanswered}, the requests that were consumed and not answered`,
      )
    this.#notify = false
    if (count === 0) return
    this.#copies.writeResponses(this.#slots, this.#mask, previous, words, count)
    this.#rspProd = (previous + count) | 0
    this.#notify = publish(header, rspProd, previous, this.#rspProd)
  }

  unconsumedRequests(): number {
    return Math.min((Atomics.load(this.#header(), reqProd) - this.#reqCons) >>> 0, this.#room())
  }

  finalCheckForRequests(): boolean {
    if (this.unconsumedRequests() > 0) return true
    Atomics.store(this.#header(), reqEvent, (this.#reqCons + 1) | 0)
    return this.unconsumedRequests() > 0
  }

  close(): void {
    this.#closed = true
  }

  /** How far the request producer may be ahead: a slot is free again once its response was put. */
  #room(): number {
    return this.entries - ((this.#reqCons - this.#rspProd) | 0)
  }

  #header(): Int32Array {
    return usable(this.#indices, this.#closed)
  }
}
