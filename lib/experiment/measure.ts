import type { Results } from '../simulation/results.ts'
import type { Drops } from '../simulation/vif-counters.ts'

/** What of a run is looked at. */
export interface Scope {
  /** The vifs; absent: all. */
  vifs?: readonly string[]
  /** The intervals from here on, in seconds; absent: from the start. */
  fromSeconds?: number
  /** The intervals up to here; absent: to the end. */
  toSeconds?: number
  /**
   * The moments after which something has to settle, or `wakes`: those at which a vif begins to offer something; absent: those of
   * the run's changes.
   */
  afterSeconds?: readonly number[] | 'wakes'
  /** So long after each of these moments nothing is looked at; absent: everything is. */
  skipSeconds?: number
  /** Part by which a rate may differ from what it should be. */
  within?: number
  /** Why packets were lost; absent: for whatever reason. */
  cause?: keyof Drops
}

export interface Measure {
  /** In a table's head. */
  title: string
  /** Of the number. */
  unit: MeasureUnit
  /** What of a scope makes a difference. */
  heeds: readonly (keyof Scope)[]
  /** The number; null where the run has none. */
  of: (results: Results, scope: Scope) => number | null
}

export type MeasureUnit = 'b/s' | 'packets/s' | 'ns' | 'share' | 'bytes' | 'packets' | 'per thousand' | 'count'
