import type { ClaimResults } from './claims.ts'
import type { Estimate } from './estimate.ts'
import type { Experiment, ExperimentTable } from './experiment.ts'

/** A point of a table: what was measured, by case and measure. */
export interface ExperimentRow {
  /** The value of each of the table's factors. */
  labels: string[]
  /** Whether it is the base itself. */
  isBase: boolean
  /** By case, then by measure; null where the runs have no such figure. */
  figures: Record<string, Record<string, Estimate | null>>
}

export interface ExperimentTableResults extends Omit<ExperimentTable, 'points'> {
  rows: ExperimentRow[]
}

/** What an experiment gave. */
export interface ExperimentResults {
  schema: 'ringback.experiment/1'
  experiment: string
  title: string
  asks: string
  seeds: number[]
  cases: Experiment['cases']
  /** True where it was stopped before its end: rows that were not finished are missing. */
  aborted: boolean
  /** Simulations that were run. Points that several tables have were run once. */
  runs: number
  /** Virtual time of all of them. */
  simulatedSeconds: number
  wallSeconds: number
  tables: ExperimentTableResults[]
  /** What it was to show, and whether it did. */
  claims: ClaimResults[]
  /** What it shows, in a line; '' where it says nothing. */
  verdict: string
}
