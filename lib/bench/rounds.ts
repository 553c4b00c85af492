import { checkInteger, checkObject, checkSignal } from '../arguments.ts'
import { RingbackError } from '../errors.ts'
import { describeCommit, describeMachine } from './machine.ts'
import { findNativeProgram, type NativeProgram, runNativeProgram } from './native-program.ts'
import { type BenchmarkName, type BenchOptions, type BenchResults, type RowKey, Samples } from './results.ts'

/** A row that is measured in this process, once a round. */
export interface Case extends RowKey {
  measure: () => number | Promise<number>
}

/** A benchmark: its cases here and its C++ programs take turns in every round. */
export interface Benchmark {
  name: BenchmarkName
  /** What `at` counts. */
  axis: string
  programs: readonly NativeProgram[]
  cases: readonly Case[]
  /** What is missing already. */
  notes: string[]
}

export type CheckedOptions = Required<Pick<BenchOptions, 'rounds' | 'at' | 'sampleMs'>> &
  Pick<BenchOptions, 'signal' | 'programs' | 'onProgress'>

export interface AtRange {
  defaults: readonly number[]
  most: number
}

/** @throws {@link RingbackError} ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE */
export function checkOptions(options: BenchOptions, { defaults, most }: AtRange): CheckedOptions {
  checkObject(options, 'options')
  const { rounds = 9, at = defaults, sampleMs = 2, signal } = options
  checkInteger(rounds, 'rounds', 1, 10_000)
  if (!Array.isArray(at) || at.length === 0)
    throw new RingbackError('ERR_INVALID_ARGUMENT', `at must be a list of integers from 1 to ${most}`)
  for (const size of at as readonly number[]) checkInteger(size, 'at', 1, most)
  if (typeof sampleMs !== 'number' || !(sampleMs > 0 && sampleMs <= 1000))
    throw new RingbackError('ERR_OUT_OF_RANGE', 'sampleMs must be above 0 and at most 1000')
  if (signal !== undefined) checkSignal(signal, 'signal')
  return { ...options, rounds, at, sampleMs }
}

/** Measures everything once a round, one after the other, so that a slow moment of the machine meets all peers. */
export async function runRounds(benchmark: Benchmark, options: CheckedOptions): Promise<BenchResults> {
  const { name, axis, cases, notes } = benchmark
  const { rounds, at, sampleMs, programs: folder, signal, onProgress } = options
  const date = new Date().toISOString()
  const files: string[] = []
  const optional: [peer: string, hint: string][] = []
  for (const program of benchmark.programs) {
    const file = await findNativeProgram(program, folder, notes, signal)
    if (file === undefined) continue
    files.push(file)
    optional.push(...Object.entries(program.optional ?? {}))
  }
  const samples = new Samples()
  const total = rounds * (cases.length + files.length)
  let done = 0
  for (let round = 0; round < rounds; round++) {
    for (const one of cases) {
      signal?.throwIfAborted()
      samples.add(one, await one.measure())
      onProgress?.({ done: ++done, total })
    }
    for (const file of files) {
      signal?.throwIfAborted()
      for (const sample of await runNativeProgram(file, { rounds: 1, at, sampleMs, signal }))
        samples.add({ ...sample, peer: nameInPrograms(sample.peer) }, sample.value)
      onProgress?.({ done: ++done, total })
    }
  }
  const [machine, commit] = [describeMachine(), await describeCommit()]
  const rows = samples.rows()
  for (const [peer, hint] of optional)
    if (!rows.some((row) => row.peer.startsWith(peer))) notes.push(`Rows of ${peer} are missing: ${hint}`)
  return { schema: 'ringback.bench/1', benchmark: name, axis, machine, commit, date, rounds, rows, notes }
}

/** A program calls its peers `ringback` or `memcpy`; beside those in JavaScript they are `memcpy, C++`. */
const nameInPrograms = (peer: string): string => (/C\+\+|ns-3/.test(peer) ? peer : `${peer}, C++`)
