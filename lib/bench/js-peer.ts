import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

import { RingbackError } from '../errors.ts'
import { createRingMemory } from '../ring/ring-memory.ts'
import { sumOfGrefs, sumOfIds } from './ring-loops.ts'
import type { Job, JobReport, WorkerSide } from './rings-worker.ts'

export interface Load {
  pairs: number
  /** Requests and responses a call. */
  batch: number
  /** Open requests at most; 1 makes it a round trip. */
  inFlight: number
}

/** An implementation driven from JavaScript: its two sides wait on threads of their own for loads. */
export class JsPeer {
  readonly #name: string
  readonly #workers: readonly Worker[]

  constructor(name: string, peer: WorkerSide['peer']) {
    this.#name = name
    this.#workers = (['front', 'back'] as const).map((side) => {
      const workerData: WorkerSide = { peer, side }
      return new Worker(new URL('rings-worker.js', import.meta.url), { workerData })
    })
  }

  /**
   * Moves a load across a fresh ring.
   *
   * @returns wall nanoseconds from the common start to the later end
   * @throws RingbackError ERR_STATE when what came out is not what went in
   */
  async run({ pairs, batch, inFlight }: Load): Promise<number> {
    const waiting = new Int32Array(new SharedArrayBuffer(4))
    waiting[0] = this.#workers.length
    const job: Job = { memory: createRingMemory({ kind: 'tx' }), pairs, batch, inFlight, waiting }
    const reports = await Promise.all(
      this.#workers.map(async (worker) => {
        worker.postMessage(job)
        const [report] = (await once(worker, 'message')) as [JobReport]
        return report
      }),
    )
    const [front, back] = reports as [JobReport, JobReport]
    if (front.sum !== sumOfIds(pairs) || back.sum !== sumOfGrefs(pairs))
      throw new RingbackError('ERR_STATE', `${this.#name}: what came out of the ring is not what went in`)
    const endNs = front.endNs > back.endNs ? front.endNs : back.endNs
    return Number(endNs - front.startNs)
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }
}
