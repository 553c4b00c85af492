// A back end on a thread of its own for ring-threads.test.ts: answers every request, sleeps when there is none.
import { parentPort, workerData } from 'node:worker_threads'

import { backBell, frontBell, type PeerOptions, type PeerReport, ring, sleep } from './ring-doorbells.ts'
import { backClasses } from './ring-pairings.ts'

function answer({ side, memory, bells, pairs, patienceMs }: PeerOptions): PeerReport {
  const back = new backClasses[side](memory)
  const requests = new Uint32Array(32 * 3)
  const responses = new Uint32Array(32)
  const report = { answered: 0, wrong: 0, sleeps: 0, hung: false }
  while (report.answered < pairs && !report.hung) {
    const count = back.consumeRequests(requests, 1 + (report.answered % 32))
    for (let i = 0; i < count; i++) {
      if (requests[3 * i] !== report.answered + i) report.wrong++
      responses[i] = (requests[3 * i]! ^ 0x5a5a5a5a) >>> 0
    }
    report.answered += count
    back.pushResponses(responses, count)
    if (back.notify) ring(bells, frontBell)
    if (count === 0 && !back.finalCheckForRequests()) {
      report.sleeps++
      report.hung = !sleep(bells, backBell, patienceMs)
    }
  }
  back.close()
  return report
}

parentPort?.postMessage(answer(workerData as PeerOptions))
