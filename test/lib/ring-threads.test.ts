import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

import test from 'ava'
import { createRingMemory } from 'ringback'

import { backBell, frontBell, type PeerOptions, type PeerReport, ring, sleep } from './ring-doorbells.ts'
import { frontClasses, nearWrap, pairings } from './ring-pairings.ts'

const pairs = 60_000
const patienceMs = 20_000

// The whole protocol between two threads: a side that finds nothing sleeps until it is notified, so that a lost
// notification shows as a sleep that nobody ends.
for (const pairing of pairings) {
  test.serial(
    `${pairing.front} front and ${pairing.back} back on two threads lose nothing, and nobody oversleeps`,
    async (t) => {
      const memory = createRingMemory({ kind: 'tx', startIndex: nearWrap })
      const bells = new Int32Array(new SharedArrayBuffer(8))
      const workerData: PeerOptions = { side: pairing.back, memory, bells, pairs, patienceMs }
      const worker = new Worker(new URL('ring-peer.js', import.meta.url), { workerData })
      const message = once(worker, 'message')
      await once(worker, 'online')

      const front = new frontClasses[pairing.front](memory)
      const requests = new Uint32Array(32 * 3)
      const responses = new Uint32Array(32)
      let [sent, received, wrong, hung] = [0, 0, 0, false]
      while (received < pairs && !hung && wrong === 0) {
        const wanted = Math.min(1 + (sent % 31), pairs - sent)
        for (let i = 0; i < wanted; i++) requests[3 * i] = sent + i
        const pushed = front.pushRequests(requests, wanted)
        sent += pushed
        if (front.notify) ring(bells, backBell)
        const taken = front.consumeResponses(responses, 1 + (received % 32))
        for (let i = 0; i < taken; i++) if (responses[i] !== ((received + i) ^ 0x5a5a5a5a) >>> 0) wrong++
        received += taken
        if (pushed === 0 && taken === 0 && !front.finalCheckForResponses()) hung = !sleep(bells, frontBell, patienceMs)
      }
      const [report] = (await message) as [PeerReport]
      t.deepEqual({ received, wrong, hung }, { received: pairs, wrong: 0, hung: false })
      t.deepEqual({ ...report, sleeps: 0 }, { answered: pairs, wrong: 0, sleeps: 0, hung: false })
    },
  )
}
