import test from 'ava'
import fc from 'fast-check'
import { createRingMemory, initRingMemory, ringWords } from 'ringback'

import {
  backClasses,
  frontClasses,
  kinds,
  nearWrap,
  openRing,
  pairings,
  requests,
  responses,
  take,
  takeResponses,
} from './ring-pairings.ts'

// One suite for all four pairings: the two implementations must be indistinguishable.
for (const pairing of pairings) {
  const name = `${pairing.front} front, ${pairing.back} back`
  const open = (kind: (typeof kinds)[number], startIndex = nearWrap, order = 0) =>
    openRing(pairing, { kind, order, startIndex })

  for (const kind of kinds) {
    for (const order of [0, 2]) {
      test(`${name}: ${kind} of order ${order} fills up, empties and wraps`, (t) => {
        const { front, back, header } = open(kind, nearWrap, order)
        const entries = (kind === 'ctrl' ? 128 : 256) << order
        t.is(front.entries, entries)
        t.is(back.entries, entries)
        t.is(front.pushRequests(requests(kind, 0, 5), 5), 5)
        t.is(front.pushRequests(requests(kind, 5, entries), entries), entries - 5)
        t.is(front.freeRequests, 0)
        t.is(front.pushRequests(requests(kind, 0, 1), 1), 0)
        t.false(front.notify)
        t.is(header[0], (nearWrap + entries) % 2 ** 32)
        t.is(back.unconsumedRequests(), entries)
        t.deepEqual(take(back, 3), requests(kind, 0, 3))
        t.deepEqual(take(back, 2 * entries), requests(kind, 3, entries - 3))
        t.is(back.unansweredRequests, entries)
        t.is(take(back, 1).length, 0)

        back.pushResponses(responses(kind, 0, entries), entries)
        t.is(header[2], (nearWrap + entries) % 2 ** 32)
        t.is(back.unansweredRequests, 0)
        t.is(front.unconsumedResponses(), entries)
        t.deepEqual(takeResponses(front, 7), responses(kind, 0, 7))
        t.is(front.freeRequests, 7)
        t.deepEqual(takeResponses(front, entries), responses(kind, 7, entries - 7))
        t.is(front.freeRequests, entries)
      })
    }

    test(`${name}: ${kind} gives out what came in, in order`, (t) => {
      const step = fc.record({ verb: fc.constantFrom('ask', 'take', 'answer', 'collect'), count: fc.nat(40) })
      const property = fc.property(
        fc.array(step, { maxLength: 200 }),
        fc.nat(2 ** 32 - 1),
        fc.boolean(),
        (steps, n, wrap) => {
          const { front, back } = open(kind, wrap ? 2 ** 32 - 1 - (n % 300) : n)
          let [asked, taken, answered, collected] = [0, 0, 0, 0]
          for (const { verb, count } of steps) {
            if (verb === 'ask') {
              asked += front.pushRequests(requests(kind, asked, count), count)
            } else if (verb === 'take') {
              const words = take(back, count)
              t.deepEqual(words, requests(kind, taken, Math.min(count, asked - taken)))
              taken += words.length / ringWords[kind].request
            } else if (verb === 'answer') {
              const most = Math.min(count, back.unansweredRequests)
              back.pushResponses(responses(kind, answered, most), most)
              answered += most
            } else {
              const words = takeResponses(front, count)
              t.deepEqual(words, responses(kind, collected, Math.min(count, answered - collected)))
              collected += words.length / ringWords[kind].response
            }
            t.is(front.freeRequests, front.entries - (asked - collected))
            t.is(back.unansweredRequests, taken - answered)
          }
        },
      )
      fc.assert(property, { numRuns: 40 })
    })
  }

  test(`${name}: the back end is notified when its event is passed, and only then`, (t) => {
    for (const startIndex of [0, nearWrap, 2 ** 32 - 1]) {
      const { front, header } = open('tx', startIndex)
      const push = (count: number) => {
        front.pushRequests(requests('tx', 0, count), count)
        return front.notify
      }
      t.true(push(1))
      t.false(push(1))
      t.false(push(0))
      header[1] = startIndex + 5
      t.false(push(2))
      t.true(push(1))
      header[1] = startIndex + 8
      t.true(push(10))
      header[1] = startIndex + 0x8000_0000
      t.false(push(20))
      header[1] = startIndex
      t.false(push(20))
    }
  })

  test(`${name}: the front end is notified when its event is passed, and only then`, (t) => {
    const { front, back, header } = open('rx')
    front.pushRequests(requests('rx', 0, 100), 100)
    take(back, 100)
    const push = (count: number) => {
      back.pushResponses(responses('rx', 0, count), count)
      return back.notify
    }
    t.true(push(1))
    t.false(push(1))
    header[3] = nearWrap + 10
    t.false(push(7))
    t.true(push(1))
    t.false(push(0))
    header[3] = nearWrap - 1
    t.false(push(50))
  })

  test(`${name}: a final check finds work or asks for the next message`, (t) => {
    const { front, back, header } = open('tx')
    front.pushRequests(requests('tx', 0, 2), 2)
    header[1] = 77
    t.true(back.finalCheckForRequests())
    t.is(header[1], 77)
    take(back, 2)
    t.false(back.finalCheckForRequests())
    t.is(header[1], nearWrap + 3)
    front.pushRequests(requests('tx', 0, 1), 1)
    t.true(front.notify)

    header[3] = 77
    back.pushResponses(responses('tx', 0, 1), 1)
    t.true(front.finalCheckForResponses())
    t.is(header[3], 77)
    takeResponses(front, 8)
    t.false(front.finalCheckForResponses())
    t.is(header[3], nearWrap + 2)
    back.pushResponses(responses('tx', 0, 1), 1)
    t.true(back.notify)
  })

  test(`${name}: a final check on a ring full of unanswered requests is no work`, (t) => {
    const { front, back, header } = open('ctrl')
    front.pushRequests(requests('ctrl', 0, 128), 128)
    take(back, 128)
    t.false(back.finalCheckForRequests())
    t.is(header[1], (nearWrap + 129) % 2 ** 32)
  })

  test(`${name}: an impossible request producer is the peer's error and moves nothing`, (t) => {
    const { front, back, header } = open('tx')
    front.pushRequests(requests('tx', 0, 12), 12)
    take(back, 12)
    back.pushResponses(responses('tx', 0, 5), 5)
    const most = 256 - 7
    for (const ahead of [most + 1, 2 ** 31, -1, -8]) {
      header[0] = nearWrap + 12 + ahead
      t.throws(() => take(back, 64), { name: 'RingbackError', code: 'ERR_PEER', message: /req_prod/ })
      t.true(back.unconsumedRequests() <= most)
      t.is(back.unansweredRequests, 7)
    }
    header[0] = nearWrap + 12 + most
    t.is(back.unconsumedRequests(), most)
    t.is(take(back, 256).length, 3 * most)
    t.is(back.unconsumedRequests(), 0)
  })

  test(`${name}: an impossible response producer is the peer's error and moves nothing`, (t) => {
    const { front, header } = open('tx')
    front.pushRequests(requests('tx', 0, 20), 20)
    for (const ahead of [21, 257, 2 ** 31, -1]) {
      header[2] = nearWrap + ahead
      t.throws(() => takeResponses(front, 64), { name: 'RingbackError', code: 'ERR_PEER', message: /rsp_prod/ })
      t.is(front.freeRequests, 236)
    }
    header[2] = nearWrap + 20
    t.is(takeResponses(front, 64).length, 20)
  })

  test(`${name}: more responses than requests are refused`, (t) => {
    const { front, back } = open('tx')
    front.pushRequests(requests('tx', 0, 3), 3)
    take(back, 2)
    const words = responses('tx', 0, 3)
    t.throws(() => back.pushResponses(words, 3), { code: 'ERR_OUT_OF_RANGE', message: /at most 2/ })
    back.pushResponses(words, 2)
    t.is(front.unconsumedResponses(), 2)
  })

  test(`${name}: a response leaves the rest of its slot as it was`, (t) => {
    for (const kind of kinds) {
      const { front, back, memory } = open(kind, 0)
      front.pushRequests(requests(kind, 0, 2), 2)
      take(back, 2)
      back.pushResponses(responses(kind, 9, 2), 2)
      const { request, response } = ringWords[kind]
      const expected = requests(kind, 0, 2)
      for (const i of [0, 1]) expected.set(responses(kind, 9 + i, 1), i * request)
      t.deepEqual(new Uint32Array(memory.bytes.buffer, 64, 2 * request), expected)
      t.true(response <= request)
    }
  })
}

for (const [side, BackRing] of Object.entries(backClasses)) {
  test(`${side} back: goes on where another back end left, refuses what cannot be a ring`, (t) => {
    const memory = createRingMemory({ kind: 'tx', startIndex: nearWrap })
    const header = new Uint32Array(memory.bytes.buffer)
    header.set([nearWrap + 30, 0, nearWrap + 10, 0])
    const back = new BackRing(memory)
    t.is(back.unconsumedRequests(), 20)
    t.is(back.unansweredRequests, 0)
    for (const ahead of [257, 2 ** 31, -1]) {
      header[0] = nearWrap + 10 + ahead
      t.throws(() => new BackRing(memory), { name: 'RingbackError', code: 'ERR_PEER', message: /refused/ })
    }
  })
}

for (const [side, FrontRing] of Object.entries(frontClasses)) {
  test(`${side} front: works on a view inside a larger buffer`, (t) => {
    const all = new Uint8Array(3 * 4096).fill(0xee)
    const bytes = all.subarray(100, 100 + 4096)
    const memory = { kind: 'rx', bytes } as const
    initRingMemory(memory)
    const front = new FrontRing(memory)
    t.is(front.pushRequests(requests('rx', 0, 300), 300), 256)
    t.true(all.subarray(0, 100).every((byte) => byte === 0xee))
    t.true(all.subarray(100 + 4096).every((byte) => byte === 0xee))
  })
}

test('memory is made for each order, shared or not', (t) => {
  for (const order of [0, 1, 2, 3, 4]) {
    const { bytes } = createRingMemory({ kind: 'tx', order })
    t.is(bytes.length, 4096 << order)
    t.true(bytes.buffer instanceof SharedArrayBuffer)
    t.deepEqual([...new Uint32Array(bytes.buffer, 0, 5)], [0, 1, 0, 1, 0])
  }
  const { bytes } = createRingMemory({ kind: 'tx', shared: false, startIndex: 2 ** 32 - 1 })
  t.true(bytes.buffer instanceof ArrayBuffer)
  t.deepEqual([...new Uint32Array(bytes.buffer, 0, 4)], [2 ** 32 - 1, 0, 2 ** 32 - 1, 0])
})
