import os from 'node:os'

import { compilerHint, type NativeProgram } from './native-program.ts'
import type { BenchOptions, BenchResults } from './results.ts'
import { loadRing, type RingEnds, type RingImplementation } from './ring-implementations.ts'
import { type Load, RingThreads } from './ring-threads.ts'
import type { ThreadRole } from './ring-worker.ts'
import { type Case, type CheckedOptions, checkOptions, runRounds } from './rounds.ts'
import { sized } from './sizing.ts'
import { type Sample, undisturbed } from './timing.ts'

const slots = 256

const program: NativeProgram = {
  target: 'rings_bench',
  rows: 'C++',
  hint: compilerHint,
  optional: { 'Xen ring.h': 'apt-get install libxen-dev', boost: 'apt-get install libboost-dev' },
}

/** Who sends and who answers, on two threads. */
interface Pairing {
  name: string
  front: RingImplementation
  back: RingImplementation
}

const pairings: readonly Pairing[] = [
  { name: 'ringback, JS ring', front: 'js', back: 'js' },
  { name: 'ringback, native ring from JS', front: 'native', back: 'native' },
  { name: 'ringback, JS front, native back', front: 'js', back: 'native' },
  { name: 'ringback, native front, JS back', front: 'native', back: 'js' },
  { name: 'careful JS sring', front: 'careful', back: 'careful' },
  { name: 'ringbuf.js', front: 'ringbuf', back: 'ringbuf' },
]

/** Who plays both sides in one thread. A mixed pairing tells nothing there, and ringbuf.js is made for two. */
const soloists: readonly { name: string; implementation: RingImplementation | 'denque' }[] = [
  { name: 'ringback, JS ring', implementation: 'js' },
  { name: 'ringback, native ring from JS', implementation: 'native' },
  { name: 'careful JS sring', implementation: 'careful' },
  { name: 'denque, objects', implementation: 'denque' },
]

/**
 * Measures rings side by side: in JavaScript across worker threads the JavaScript ring, the native ring, both mixed, a
 * careful one written by hand and ringbuf.js; in one thread denque too; in C++ the native ring beside Xen's own macros.
 * All peers take turns in every round. `at` is the number of requests and responses a call, 1 to 256.
 *
 * @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE; ERR_STATE where a ring loses something
 * @example
 * const { rows } = await benchRings({ rounds: 5, at: [1, 64] })
 */
export async function benchRings(options: BenchOptions = {}): Promise<BenchResults> {
  const checked = checkOptions(options, { defaults: [1, 8, 32, 64], most: slots })
  const notes: string[] = []
  const threads = new RingThreads()
  try {
    const cases = [...(await pairCases(threads, checked, notes)), ...(await soloCases(threads, checked, notes))]
    return await runRounds({ name: 'rings', axis: 'batch', programs: [program], cases, notes }, checked)
  } finally {
    await threads.close()
  }
}

async function pairCases(threads: RingThreads, options: CheckedOptions, notes: string[]): Promise<Case[]> {
  if (os.availableParallelism() < 2) {
    notes.push('Rows of two threads are missing: they need two cores.')
    return []
  }
  const loads = [
    ...options.at.map((batch) => ({ job: 'pairs', batch, inFlight: slots })),
    { job: 'round trip', batch: 1, inFlight: 1 },
  ]
  const present: { pairing: Pairing; ends: RingEnds }[] = []
  for (const pairing of pairings) {
    const ends = await orNote('ringbuf.js', () => loadRing(pairing.front), notes)
    if (ends) present.push({ pairing, ends })
  }
  const cases: Case[] = []
  for (const { job, batch, inFlight } of loads) {
    for (const { pairing, ends } of present) {
      const front: ThreadRole = { implementation: pairing.front, side: 'front' }
      const back: ThreadRole = { implementation: pairing.back, side: 'back' }
      const run = (pairs: number) => threads.runPair(front, back, ends.createMemory(), { pairs, batch, inFlight })
      const key = { peer: pairing.name, job, unit: job === 'pairs' ? 'M pairs/s' : 'ns', at: batch }
      cases.push(await makeCase(key, run, options))
    }
  }
  return cases
}

async function soloCases(threads: RingThreads, options: CheckedOptions, notes: string[]): Promise<Case[]> {
  const cases: Case[] = []
  for (const { name, implementation } of soloists) {
    const role: ThreadRole = { implementation, side: 'both' }
    const ends = implementation === 'denque' ? undefined : await loadRing(implementation)
    if (!ends && !(await orNote('denque', () => import('denque'), notes))) continue
    for (const batch of options.at) {
      const load: Omit<Load, 'pairs'> = { batch, inFlight: batch }
      const run = (pairs: number) => threads.runBoth(role, ends?.createMemory(), { ...load, pairs })
      cases.push(await makeCase({ peer: name, job: 'one thread', unit: 'ns/pair', at: batch }, run, options))
    }
  }
  return cases
}

/** Warms a case up, so that it runs optimised, and sizes it. */
async function makeCase(
  key: Omit<Case, 'measure'>,
  run: (pairs: number) => Promise<Sample>,
  { sampleMs, signal }: CheckedOptions,
): Promise<Case> {
  // With less patience than later: a size need not be exact.
  const pairs = await sized((count) => undisturbed(() => run(count), sampleMs / 10), sampleMs * 1e6, { signal })
  const isRate = key.unit.endsWith('/s')
  const measure = async (): Promise<number> => {
    const ns = await undisturbed(() => run(pairs), sampleMs)
    return isRate ? (1e3 * pairs) / ns : ns / pairs
  }
  return { ...key, measure }
}

/** What `load` gives; undefined and a note where the package is not installed. */
async function orNote<T>(name: string, load: () => Promise<T>, notes: string[]): Promise<T | undefined> {
  try {
    return await load()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error
    notes.push(`Rows of ${name} are missing: npm install --no-save ${name}`)
    return undefined
  }
}
