// A queue of objects in one thread: what a program without shared memory would use between its two halves.

export interface Queue {
  push(item: QueueMessage): number
  shift(): QueueMessage | undefined
}

export interface QueueMessage {
  gref: number
  id: number
  /** Bytes of a request; a response's status. */
  size: number
}

/** Puts batches of requests, answers each with its id and takes the answers; returns the sum of both. */
export function answerQueue(requests: Queue, responses: Queue, pairs: number, batch: number): number {
  let sum = 0
  for (let done = 0; done < pairs; done += batch) {
    const count = Math.min(batch, pairs - done)
    for (let i = done; i < done + count; i++) requests.push({ gref: i, id: i & 0xff, size: 1500 })
    for (let i = 0; i < count; i++) {
      const { gref, id } = requests.shift()!
      sum += gref
      responses.push({ gref: 0, id, size: 0 })
    }
    for (let i = 0; i < count; i++) sum += responses.shift()!.id
  }
  return sum
}
