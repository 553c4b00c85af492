import { native } from '../native.ts'
import type { RingBackBinding, RingFrontBinding } from './native-binding.ts'
import { type BackRing, type FrontRing, type RingKind, type RingOptions, ringWords } from './ring.ts'
import { checkRingOptions, checkWords } from './ring-memory.ts'

/** The front end in C++. A call costs some tens of nanoseconds: move batches. */
export class NativeFrontRing implements FrontRing {
  readonly kind: RingKind
  readonly entries: number
  readonly #ring: RingFrontBinding
  readonly #requestWords: number
  readonly #responseWords: number
  #notify = false

  /**
   * @param options memory that holds an initialised ring, see {@link createRingMemory}
   * @throws RingbackError ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
   */
  constructor(options: RingOptions) {
    const { kind, bytes, startIndex } = checkRingOptions(options)
    this.kind = kind
    this.#ring = new native.RingFront(kind, bytes, startIndex)
    this.entries = this.#ring.entries()
    this.#requestWords = ringWords[kind].request
    this.#responseWords = ringWords[kind].response
  }

  get notify(): boolean {
    return this.#notify
  }

  get freeRequests(): number {
    return this.#ring.freeRequests()
  }

  pushRequests(words: Uint32Array, count: number): number {
    checkWords(words, count, this.#requestWords)
    const pushed = this.#ring.pushRequests(words, count)
    this.#notify = (pushed & 1) === 1
    return pushed >>> 1
  }

  consumeResponses(words: Uint32Array, count: number): number {
    checkWords(words, count, this.#responseWords)
    return this.#ring.consumeResponses(words, count)
  }

  unconsumedResponses(): number {
    return this.#ring.unconsumedResponses()
  }

  finalCheckForResponses(): boolean {
    return this.#ring.finalCheckForResponses()
  }

  close(): void {
    this.#ring.close()
  }
}

/** The back end in C++. */
export class NativeBackRing implements BackRing {
  readonly kind: RingKind
  readonly entries: number
  readonly #ring: RingBackBinding
  readonly #requestWords: number
  readonly #responseWords: number
  #notify = false

  /**
   * Connects to a ring, new or left by another back end, and goes on at its response producer.
   *
   * @param options memory that holds an initialised ring
   * @throws RingbackError ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE; ERR_PEER when the producers cannot be a ring's
   */
  constructor(options: RingOptions) {
    const { kind, bytes } = checkRingOptions(options)
    this.kind = kind
    this.#ring = new native.RingBack(kind, bytes)
    this.entries = this.#ring.entries()
    this.#requestWords = ringWords[kind].request
    this.#responseWords = ringWords[kind].response
  }

  get notify(): boolean {
    return this.#notify
  }

  get unansweredRequests(): number {
    return this.#ring.unansweredRequests()
  }

  consumeRequests(words: Uint32Array, count: number): number {
    checkWords(words, count, this.#requestWords)
    return this.#ring.consumeRequests(words, count)
  }

  pushResponses(words: Uint32Array, count: number): void {
    checkWords(words, count, this.#responseWords)
    this.#notify = this.#ring.pushResponses(words, count)
  }

  unconsumedRequests(): number {
    return this.#ring.unconsumedRequests()
  }

  finalCheckForRequests(): boolean {
    return this.#ring.finalCheckForRequests()
  }

  close(): void {
    this.#ring.close()
  }
}
