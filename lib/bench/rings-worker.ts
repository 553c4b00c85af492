// One side of a JavaScript peer on a thread of its own. A thread sees one implementation and one side only, so that
// the optimiser does not mix the code of two peers.
import process from 'node:process'
import { parentPort, workerData } from 'node:worker_threads'

import { JsBackRing, JsFrontRing } from '../ring/js-ring.ts'
import { NativeBackRing, NativeFrontRing } from '../ring/native-ring.ts'
import type { RingOptions } from '../ring/ring.ts'
import { answer, drive, rest } from './ring-loops.ts'

export interface WorkerSide {
  peer: 'js' | 'native'
  side: 'front' | 'back'
}

export interface Job {
  memory: RingOptions
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
}

const frontClasses = { js: JsFrontRing, native: NativeFrontRing }
const backClasses = { js: JsBackRing, native: NativeBackRing }

function work({ peer, side }: WorkerSide, { memory, pairs, batch, inFlight, waiting }: Job): JobReport {
  const front = side === 'front' ? new frontClasses[peer](memory) : undefined
  const back = side === 'back' ? new backClasses[peer](memory) : undefined
  Atomics.sub(waiting, 0, 1)
  for (let vainPolls = 0; Atomics.load(waiting, 0) > 0;) vainPolls = rest(vainPolls)
  const startNs = process.hrtime.bigint()
  const sum = (front && drive(front, pairs, batch, inFlight)) ?? (back && answer(back, pairs, batch)) ?? 0
  const endNs = process.hrtime.bigint()
  front?.close()
  back?.close()
  return { startNs, endNs, sum }
}

parentPort?.on('message', (job: Job) => parentPort?.postMessage(work(workerData as WorkerSide, job)))
