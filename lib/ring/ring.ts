/** What a ring carries: frames from the guest, frames to the guest, or control messages. */
export type RingKind = 'tx' | 'rx' | 'ctrl'

/** Where a ring lives. Plain data: post it to a worker when the bytes are over a SharedArrayBuffer. */
export interface RingOptions {
  readonly kind: RingKind
  /**
   * 1, 2, 4, 8 or 16 pages of 4096 bytes, 4-byte aligned, over a SharedArrayBuffer or an ArrayBuffer of fixed size.
   * An ArrayBuffer that is detached later makes every call throw ERR_STATE.
   */
  readonly bytes: Uint8Array
  /** First index of the front end, 0 to 2^32 - 1; default 0. A back end takes its own from the memory. */
  readonly startIndex?: number
}

/** 32-bit words in a message, and from one slot to the next. */
export interface RingWords {
  readonly request: number
  readonly response: number
  readonly slot: number
}

/** Words of the messages of each kind of ring: what a Uint32Array needs for one. */
export const ringWords: Readonly<Record<RingKind, RingWords>> = {
  tx: { request: 3, response: 1, slot: 3 },
  rx: { request: 2, response: 2, slot: 2 },
  ctrl: { request: 4, response: 3, slot: 4 },
}

interface Ring {
  readonly kind: RingKind
  /** Slots: a power of two. */
  readonly entries: number
  /** Whether the last push must be followed by a notification of the other side. */
  readonly notify: boolean
  /** Lets go of the memory; every other call then throws ERR_CLOSED. May be called again. */
  close(): void
}

/**
 * The guest's side of a ring: puts requests, takes responses. Messages are words in a Uint32Array, see
 * {@link ringWords}, which must not lie in the ring's own memory. One thread at a time; the back end may be on another.
 *
 * Every call throws a RingbackError: ERR_CLOSED after close(), ERR_STATE when the memory was detached.
 *
 * @example
 * const memory = createRingMemory({ kind: 'tx' })
 * const front = new NativeFrontRing(memory)
 * const back = new JsBackRing(memory)
 * const words = new Uint32Array(3)
 * encodeTxRequest(words, 0, { gref: 8, offset: 0, flags: 0, id: 1, size: 60 })
 * front.pushRequests(words, 1)
 * front.notify // true: wake the back end
 * back.consumeRequests(words, 1) // 1
 */
export interface FrontRing extends Ring {
  /** Requests that fit now. */
  readonly freeRequests: number
  /**
   * Puts as many requests as fit, from the first on, publishes them and sets `notify`.
   *
   * @param words requests, one after the other
   * @param count requests in `words`, from 0
   * @returns how many were put
   * @throws RingbackError ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
   */
  pushRequests(words: Uint32Array, count: number): number
  /**
   * Takes responses.
   *
   * @param words receives them, one after the other
   * @param count the most to take, from 0
   * @returns how many were taken
   * @throws RingbackError ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE; ERR_PEER when more is answered than was asked
   */
  consumeResponses(words: Uint32Array, count: number): number
  /** Responses that wait, as the memory says; a broken back end can make it any number. */
  unconsumedResponses(): number
  /** Before sleeping: asks to be notified of the next response and looks once more. True: there is work, stay awake. */
  finalCheckForResponses(): boolean
}

/** The driver domain's side of a ring: takes requests, puts responses. Mirrors {@link FrontRing}. */
export interface BackRing extends Ring {
  /** Requests consumed and not answered: so many responses may be pushed. */
  readonly unansweredRequests: number
  /**
   * Takes requests. Each is copied once: the front end cannot change what is in `words`.
   *
   * @param words receives them, one after the other
   * @param count the most to take, from 0
   * @returns how many were taken
   * @throws RingbackError ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE; ERR_PEER when the producer is impossible: the front
   *   end is broken, and nothing more may be done with the ring
   */
  consumeRequests(words: Uint32Array, count: number): number
  /**
   * Puts and publishes responses and sets `notify`. The order is free, except that a response takes the next slot.
   *
   * @param words responses, one after the other
   * @param count responses in `words`, from 0 to `unansweredRequests`
   * @throws RingbackError ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
   */
  pushResponses(words: Uint32Array, count: number): void
  /** Requests that wait, never more than could be answered, whatever the front end wrote. */
  unconsumedRequests(): number
  /** Before sleeping: asks to be notified of the next request and looks once more. True: there is work, stay awake. */
  finalCheckForRequests(): boolean
}
