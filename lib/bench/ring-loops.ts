import { RingbackError } from '../errors.ts'
import type { Back, Front } from './ring-implementations.ts'

// The loops of the C++ benchmark (bench/native/ring_loops.h) in JavaScript: a driver and its back end, each on a
// thread of its own. Requests are netif TX requests of three words, responses of one.

const requestWords = 3
/** Bytes of a frame, in the upper half of a request's last word. */
const frameSize = 1500 << 16

/** The sum of what the driver must get back for `pairs` requests: their ids, the low 8 bits of their number. */
export function sumOfIds(pairs: number): number {
  const rest = pairs % 256
  return Math.floor(pairs / 256) * (255 * 128) + (rest * (rest - 1)) / 2
}

/** The sum of what the back end must receive for `pairs` requests: their numbers. */
export function sumOfGrefs(pairs: number): number {
  return (pairs * (pairs - 1)) / 2
}

const nap = new Int32Array(new SharedArrayBuffer(4))
const vainPollsToNap = 5_000
const napMs = 0.05
/** More than ten seconds without a message: some were lost. */
const mostNaps = 100_000
let napCount = 0

/** How often this thread gave its core away so far: a measurement during which it did is none of the ring. */
export const napsSoFar = (): number => napCount

/**
 * What a thread does that polled in vain: polls again, but after many times gives its core away for a moment, for the
 * scheduler may have put both threads on the same one.
 *
 * @param vainPolls - in a row so far
 * @returns vain polls to count from
 * @throws RingbackError ERR_STATE when nothing came for very long
 */
export function rest(vainPolls: number): number {
  if (vainPolls > 0 && vainPolls % vainPollsToNap === 0) {
    if (vainPolls / vainPollsToNap > mostNaps) throw new RingbackError('ERR_STATE', 'a ring lost messages')
    Atomics.wait(nap, 0, 0, napMs)
    napCount++
  }
  return vainPolls + 1
}

/** Sends whole batches while fewer than `inFlight` requests are open, and takes what came back; returns its sum. */
export function drive(ring: Front, pairs: number, batch: number, inFlight: number): number {
  const requests = new Uint32Array(batch * requestWords)
  const responses = new Uint32Array(batch)
  let [sent, received, sum, vainPolls] = [0, 0, 0, 0]
  while (received < pairs) {
    const wanted = Math.min(batch, pairs - sent)
    let pushed = 0
    if (wanted > 0 && wanted <= inFlight - (sent - received)) {
      for (let i = 0, at = 0; i < wanted; i++, at += requestWords) {
        requests[at] = sent + i
        requests[at + 1] = 0
        requests[at + 2] = ((sent + i) & 0xff) | frameSize
      }
      pushed = ring.pushRequests(requests, wanted)
      sent += pushed
    }
    const taken = ring.consumeResponses(responses, batch)
    for (let i = 0; i < taken; i++) sum += responses[i]! & 0xffff
    received += taken
    vainPolls = pushed === 0 && taken === 0 ? rest(vainPolls) : 0
  }
  return sum
}

/** Answers every request with its id; returns the sum of their references. */
export function answer(ring: Back, pairs: number, batch: number): number {
  const requests = new Uint32Array(batch * requestWords)
  const responses = new Uint32Array(batch)
  let [answered, sum, vainPolls] = [0, 0, 0]
  while (answered < pairs) {
    const taken = ring.consumeRequests(requests, batch)
    if (taken === 0) {
      vainPolls = rest(vainPolls)
      continue
    }
    vainPolls = 0
    for (let i = 0, at = 0; i < taken; i++, at += requestWords) {
      sum += requests[at]!
      responses[i] = requests[at + 2]! & 0xffff
    }
    ring.pushResponses(responses, taken)
    answered += taken
  }
  return sum
}

/** Plays both sides in turn, a batch at a time; returns the sum of what they got. */
export function playBoth(front: Front, back: Back, pairs: number, batch: number): number {
  const [sent, received] = [new Uint32Array(batch * requestWords), new Uint32Array(batch * requestWords)]
  const [answers, responses] = [new Uint32Array(batch), new Uint32Array(batch)]
  let sum = 0
  for (let done = 0; done < pairs; done += batch) {
    const count = Math.min(batch, pairs - done)
    for (let i = 0, at = 0; i < count; i++, at += requestWords) {
      sent[at] = done + i
      sent[at + 1] = 0
      sent[at + 2] = ((done + i) & 0xff) | frameSize
    }
    front.pushRequests(sent, count)
    const taken = back.consumeRequests(received, count)
    for (let i = 0, at = 0; i < taken; i++, at += requestWords) {
      sum += received[at]!
      answers[i] = received[at + 2]! & 0xffff
    }
    back.pushResponses(answers, taken)
    const answered = front.consumeResponses(responses, count)
    for (let i = 0; i < answered; i++) sum += responses[i]! & 0xffff
  }
  return sum
}
