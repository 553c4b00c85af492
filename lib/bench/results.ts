import { type Spread, spread } from './statistics.ts'

/** What can be measured. */
export const benchmarkNames = ['rings', 'copy', 'shaper', 'bond', 'sim', 'control'] as const
export type BenchmarkName = (typeof benchmarkNames)[number]

/** One figure: what one implementation does at one size. */
export interface BenchRow extends Spread {
  /** The implementation. */
  peer: string
  /** What it did, as in `pairs` or `copy, hot`: rows of one job and unit can be compared. */
  job: string
  /** Of the figures, as in `ns` or `M pairs/s`; more is better where it ends in `/s`. */
  unit: string
  /** The size: messages a call, bytes, buckets or vifs. */
  at: number
  /** Every measurement, in the order in which they were made. */
  samples: number[]
}

export interface BenchMachine {
  cpu: string
  cores: number
  memoryBytes: number
  os: string
  node: string
}

/** What a benchmark gave. */
export interface BenchResults {
  schema: 'ringback.bench/1'
  benchmark: BenchmarkName
  /** What `at` counts, as in `batch`. */
  axis: string
  machine: BenchMachine
  /** The checkout's, with `-dirty` where it was changed; in an installed package its version. */
  commit: string
  /** When the measurements began: ISO 8601, UTC. */
  date: string
  /** Measurements of each figure. */
  rounds: number
  rows: BenchRow[]
  /** What is missing, and how to get it. */
  notes: string[]
}

export interface BenchOptions {
  /** Measurements of each figure, 1 to 10,000. Default 9. */
  rounds?: number
  /** Sizes: messages a call, bytes, buckets or vifs. */
  at?: readonly number[]
  /** Length of one measurement, above 0 to 1000. Short, so that a scheduler's slice usually holds a whole one. */
  sampleMs?: number
  /** Folder of the built C++ programs. Default: they are built with CMake, in the package's folder. */
  programs?: string
  /** Stops between two measurements; the promise is then rejected with the signal's reason. */
  signal?: AbortSignal
  onProgress?: (progress: { done: number; total: number }) => void
}

export type RowKey = Pick<BenchRow, 'peer' | 'job' | 'unit' | 'at'>

const digits = 5

/** Rows of one run, each with its samples, in the order in which they first came. */
export class Samples {
  readonly #rows = new Map<string, { key: RowKey; values: number[] }>()

  add({ peer, job, unit, at }: RowKey, value: number): void {
    const name = JSON.stringify([job, unit, at, peer])
    const row = this.#rows.get(name) ?? { key: { peer, job, unit, at }, values: [] }
    this.#rows.set(name, row)
    row.values.push(Number(value.toPrecision(digits)))
  }

  rows(): BenchRow[] {
    return [...this.#rows.values()].map(({ key, values }) => ({ ...key, ...spread(values), samples: values }))
  }
}
