import type { RingBuffer } from 'ringbuf.js'

// ringbuf.js carries words one way: a pair of them carries what a ring does, 3 words a request and 1 a response. They
// have no notifications, and what the other side wrote is not checked.

const slots = 256
const requestWords = 3

export interface QueuePair {
  requests: SharedArrayBuffer
  responses: SharedArrayBuffer
}

type RingBufferClass = typeof RingBuffer

export function createQueuePair(Queue: RingBufferClass): QueuePair {
  return {
    requests: Queue.getStorageForCapacity(slots * requestWords, Uint32Array),
    responses: Queue.getStorageForCapacity(slots, Uint32Array),
  }
}

export class RingbufPair {
  readonly #requests: RingBuffer
  readonly #responses: RingBuffer

  constructor(Queue: RingBufferClass, { requests, responses }: QueuePair) {
    this.#requests = new Queue(requests, Uint32Array)
    this.#responses = new Queue(responses, Uint32Array)
  }

  pushRequests(words: Uint32Array, count: number): number {
    const room = Math.floor(this.#requests.availableWrite() / requestWords)
    const put = count > room ? room : count
    return put === 0 ? 0 : this.#requests.push(words, put * requestWords) / requestWords
  }

  consumeRequests(words: Uint32Array, count: number): number {
    return this.#requests.pop(words, count * requestWords) / requestWords
  }

  pushResponses(words: Uint32Array, count: number): void {
    this.#responses.push(words, count)
  }

  consumeResponses(words: Uint32Array, count: number): number {
    return this.#responses.pop(words, count)
  }
}
