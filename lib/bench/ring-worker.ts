// One side of a ring on a thread of its own, or both sides. A thread sees one implementation and one side only, so that
// the optimiser does not mix the code of two.
import process from 'node:process'
import { parentPort, workerData } from 'node:worker_threads'

import { answerQueue, type Queue } from './peers/plain-queue.ts'
import { pinToCore } from './pinning.ts'
import { loadRing, type RingBytes, type RingImplementation } from './ring-implementations.ts'
import { answer, drive, napsSoFar, playBoth, rest } from './ring-loops.ts'

export type ThreadRole =
  { implementation: RingImplementation; side: 'front' | 'back' | 'both' } | { implementation: 'denque'; side: 'both' }

export interface Job {
  /** undefined: a plain queue, which needs none. */
  memory: RingBytes | undefined
  pairs: number
  batch: number
  inFlight: number
  /** One word: threads that are not ready yet. */
  waiting: Int32Array
}

export interface JobReport {
  startNs: bigint
  endNs: bigint
  sum: number
  /** Whether it had to give its core away. */
  napped: boolean
}

type Work = (job: Job) => () => number

/** Makes what does the job: everything that is built before the clock runs is built by the outer function. */
async function loadWork({ implementation, side }: ThreadRole): Promise<Work> {
  if (implementation === 'denque') {
    const { default: Denque } = await import('denque')
    const create = (): Queue => new Denque()
    return ({ pairs, batch }) => {
      const [requests, responses] = [create(), create()]
      return () => answerQueue(requests, responses, pairs, batch)
    }
  }
  const ends = await loadRing(implementation)
  return ({ memory, pairs, batch, inFlight }) => {
    if (memory === undefined) throw new Error('a ring needs memory')
    if (side === 'front') {
      const front = ends.front(memory)
      return () => drive(front, pairs, batch, inFlight)
    }
    const back = ends.back(memory)
    if (side === 'back') return () => answer(back, pairs, batch)
    const front = ends.front(memory)
    return () => playBoth(front, back, pairs, batch)
  }
}

const role = workerData as ThreadRole
pinToCore(role.side === 'back' ? 1 : 0)
const work = await loadWork(role)

function perform(job: Job): JobReport {
  const run = work(job)
  Atomics.sub(job.waiting, 0, 1)
  for (let vainPolls = 0; Atomics.load(job.waiting, 0) > 0;) vainPolls = rest(vainPolls)
  const napsBefore = napsSoFar()
  const startNs = process.hrtime.bigint()
  const sum = run()
  return { startNs, endNs: process.hrtime.bigint(), sum, napped: napsSoFar() > napsBefore }
}

parentPort?.on('message', (job: Job) => parentPort?.postMessage(perform(job)))
