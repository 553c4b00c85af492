import os from 'node:os'
import process from 'node:process'

import { checkInteger } from '../arguments.ts'
import { RingbackError } from '../errors.ts'
import { JsPeer, type Load } from './js-peer.ts'
import { buildNativeProgram, runNativeRings } from './native-program.ts'
import { type Spread, spread } from './statistics.ts'

export interface RingBenchOptions {
  /** Samples a row. */
  rounds?: number
  /** Requests and responses a call, 1 to 256. */
  batches?: readonly number[]
  /** Length of one sample. Short, so that a scheduler's slice usually holds a whole sample. */
  sampleMs?: number
  /** Stops between two samples; the promise is then rejected with the signal's reason. */
  signal?: AbortSignal
  onProgress?: (progress: { done: number; total: number }) => void
}

export interface RingBenchRow extends Spread {
  peer: string
  /** What was measured: 'pairs' crossing two threads, a 'round trip', 'one thread' playing both sides. */
  job: string
  unit: string
  batch: number
}

export interface RingBenchResults {
  machine: { cpu: string; cores: number; node: string }
  rounds: number
  rows: RingBenchRow[]
  /** What is missing, and how to get it. */
  notes: string[]
}

/** Rows of one run in the order in which they first came, each with its samples. */
class Samples {
  readonly #rows = new Map<string, { peer: string; job: string; unit: string; batch: number; values: number[] }>()

  add(peer: string, job: string, unit: string, batch: number, value: number): void {
    const key = JSON.stringify([job, unit, batch, peer])
    const row = this.#rows.get(key) ?? { peer, job, unit, batch, values: [] }
    this.#rows.set(key, row)
    row.values.push(value)
  }

  rows(): RingBenchRow[] {
    return [...this.#rows.values()].map(({ values, ...row }) => ({ ...row, ...spread(values) }))
  }
}

/** A load of a JavaScript peer, sized so that a sample lasts as long as it should. */
interface Case extends Load {
  name: string
  peer: JsPeer
  job: string
}

const slots = 256
const warmUps = 4
const firstPairs = 512
const mostRepeats = 5
const programPeers: Record<string, string> = { ringback: 'ringback, C++', xen: 'Xen ring.h, C++' }
const jsPeers = [
  ['ringback, JS ring', 'js'],
  ['ringback, native ring from JS', 'native'],
] as const

/**
 * Measures rings side by side: the JavaScript ring and the native ring driven from JavaScript, across worker threads,
 * and the native ring in C++ beside Xen's own macros. All peers take turns in every round.
 *
 * @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
 * @example
 * const { rows } = await benchRings({ rounds: 5, batches: [1, 64] })
 */
export async function benchRings(options: RingBenchOptions = {}): Promise<RingBenchResults> {
  const { rounds = 9, batches = [1, 8, 32, 64], sampleMs = 2, signal, onProgress } = options
  checkOptions(rounds, batches, sampleMs)
  const notes: string[] = []
  const samples = new Samples()
  const program = await findProgram(notes, signal)
  const peers = jsPeers.map(([name, kind]) => ({ name, peer: new JsPeer(name, kind) }))
  try {
    const cases = os.availableParallelism() > 1 ? await makeCases(peers, batches, sampleMs, signal) : []
    if (cases.length === 0) notes.push('Rows of two threads are missing: they need two cores.')
    const total = rounds * (cases.length + (program ? 1 : 0))
    let done = 0
    for (let round = 0; round < rounds; round++) {
      for (const { name, peer, job, ...load } of cases) {
        signal?.throwIfAborted()
        const elapsedNs = await undisturbed(peer, load)
        if (job === 'pairs') samples.add(name, job, 'M pairs/s', load.batch, (1e3 * load.pairs) / elapsedNs)
        else samples.add(name, job, 'ns', load.batch, elapsedNs / load.pairs)
        onProgress?.({ done: ++done, total })
      }
      if (!program) continue
      signal?.throwIfAborted()
      for (const { peer, job, unit, batch, value } of await runNativeRings(program, {
        rounds: 1,
        batches,
        sampleMs,
        signal,
      }))
        samples.add(programPeers[peer] ?? peer, job, unit, batch, value)
      onProgress?.({ done: ++done, total })
    }
  } finally {
    await Promise.all(peers.map(({ peer }) => peer.close()))
  }
  const rows = samples.rows()
  if (program && !rows.some(({ peer }) => peer === programPeers.xen))
    notes.push("Rows of Xen's ring.h are missing: apt-get install libxen-dev")
  const machine = {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    node: process.version,
  }
  return { machine, rounds, rows, notes }
}

function checkOptions(rounds: number, batches: readonly number[], sampleMs: number): void {
  checkInteger(rounds, 'rounds', 1, 10_000)
  if (!Array.isArray(batches) || batches.length === 0)
    throw new RingbackError('ERR_INVALID_ARGUMENT', 'batches must be a list of integers from 1 to 256')
  for (const batch of batches as readonly number[])
    if (!Number.isInteger(batch) || batch < 1 || batch > slots)
      throw new RingbackError('ERR_OUT_OF_RANGE', 'batches must be integers from 1 to 256')
  if (typeof sampleMs !== 'number' || !(sampleMs > 0 && sampleMs <= 1000))
    throw new RingbackError('ERR_OUT_OF_RANGE', 'sampleMs must be above 0 and at most 1000')
}

/** The C++ benchmark, or a note that says why it is missing. */
async function findProgram(notes: string[], signal: AbortSignal | undefined): Promise<string | undefined> {
  try {
    return await buildNativeProgram('rings_bench', signal)
  } catch (error) {
    signal?.throwIfAborted()
    const reason = error instanceof Error ? error.message.split('\n').slice(0, 4).join(' ') : String(error)
    notes.push(`C++ rows are missing, the benchmark cannot be built (CMake and a C++20 compiler are needed): ${reason}`)
    return undefined
  }
}

/** Warms up every case, so that it runs optimised, and sizes it. */
async function makeCases(
  peers: readonly { name: string; peer: JsPeer }[],
  batches: readonly number[],
  sampleMs: number,
  signal: AbortSignal | undefined,
): Promise<Case[]> {
  const loads = [
    ...batches.map((batch) => ({ job: 'pairs', batch, inFlight: slots })),
    { job: 'round trip', batch: 1, inFlight: 1 },
  ]
  const cases: Case[] = []
  for (const { job, batch, inFlight } of loads) {
    for (const { name, peer } of peers) {
      const pairs = await sized(peer, { batch, inFlight }, sampleMs * 1e6, signal)
      cases.push({ name, peer, job, pairs, batch, inFlight })
    }
  }
  return cases
}

/**
 * As many pairs as take about this long once the code runs optimised. Starts small: on a busy machine a single round
 * trip can take milliseconds.
 */
async function sized(
  peer: JsPeer,
  load: Omit<Load, 'pairs'>,
  wantedNs: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  let pairs = firstPairs
  for (let warm = 0; warm < warmUps;) {
    signal?.throwIfAborted()
    const elapsedNs = await peer.run({ ...load, pairs })
    if (elapsedNs < wantedNs / 2) {
      pairs *= 2
    } else {
      pairs = Math.max(firstPairs, Math.round((pairs * wantedNs) / elapsedNs))
      warm++
    }
  }
  return pairs
}

/** Repeats a sample while the scheduler takes a core from this process, within reason; returns its nanoseconds. */
async function undisturbed(peer: JsPeer, load: Load): Promise<number> {
  for (let repeats = 0; ; repeats++) {
    const before = process.resourceUsage().involuntaryContextSwitches
    const elapsedNs = await peer.run(load)
    if (process.resourceUsage().involuntaryContextSwitches === before || repeats === mostRepeats) return elapsedNs
  }
}
