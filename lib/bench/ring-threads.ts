import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

import { RingbackError } from '../errors.ts'
import type { RingBytes } from './ring-implementations.ts'
import { sumOfGrefs, sumOfIds } from './ring-loops.ts'
import type { Sample } from './timing.ts'
import type { Job, JobReport, ThreadRole } from './ring-worker.ts'

export interface Load {
  pairs: number
  /** Requests and responses a call. */
  batch: number
  /** Open requests at most; 1 makes it a round trip. */
  inFlight: number
}

/** Threads that wait for loads, one for each role that was asked for. Pairings share them: they never run at once. */
export class RingThreads {
  readonly #workers = new Map<string, Worker>()

  /**
   * Moves a load across fresh memory between a front end and a back end on two threads.
   *
   * @returns wall nanoseconds from the common start to the later end
   * @throws RingbackError ERR_STATE when what came out is not what went in
   */
  async runPair(front: ThreadRole, back: ThreadRole, memory: RingBytes, load: Load): Promise<Sample> {
    const [driven, answered] = await this.#run([front, back], memory, load)
    if (driven?.sum !== sumOfIds(load.pairs) || answered?.sum !== sumOfGrefs(load.pairs)) throw lost(front, back)
    const endNs = driven.endNs > answered.endNs ? driven.endNs : answered.endNs
    return { value: Number(endNs - driven.startNs), isDisturbed: driven.napped || answered.napped }
  }

  /**
   * Moves a load across a ring or queue whose two sides one thread plays in turn.
   *
   * @param memory - undefined for a plain queue
   * @returns wall nanoseconds
   * @throws RingbackError ERR_STATE when what came out is not what went in
   */
  async runBoth(role: ThreadRole, memory: RingBytes | undefined, load: Load): Promise<Sample> {
    const [report] = await this.#run([role], memory, load)
    if (report?.sum !== sumOfIds(load.pairs) + sumOfGrefs(load.pairs)) throw lost(role)
    return { value: Number(report.endNs - report.startNs), isDisturbed: report.napped }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.terminate()))
  }

  #run(roles: readonly ThreadRole[], memory: RingBytes | undefined, load: Load): Promise<JobReport[]> {
    const waiting = new Int32Array(new SharedArrayBuffer(4))
    waiting[0] = roles.length
    const job: Job = { memory, ...load, waiting }
    return Promise.all(
      roles.map(async (role) => {
        const worker = this.#worker(role)
        worker.postMessage(job)
        const [report] = (await once(worker, 'message')) as [JobReport]
        return report
      }),
    )
  }

  #worker(role: ThreadRole): Worker {
    const key = `${role.implementation} ${role.side}`
    const worker =
      this.#workers.get(key) ?? new Worker(new URL('ring-worker.js', import.meta.url), { workerData: role })
    this.#workers.set(key, worker)
    return worker
  }
}

function lost(...roles: readonly ThreadRole[]): RingbackError {
  const names = roles.map(({ implementation }) => implementation).join(' and ')
  return new RingbackError('ERR_STATE', `${names}: what came out of the ring is not what went in`)
}
