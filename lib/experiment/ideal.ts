import { Shares } from '../policy/shares.ts'
import { widthsOf } from './over-time.ts'
import type { VifColumns } from './over-time.ts'

// What each vif would get if everything were known at once, and how far a run is from it.

/** A vif of a run and its weight. */
export interface WeightedVif {
  columns: VifColumns
  weight: number
}

/** What vifs were due in an interval of what was offered in it: of that the part that their guarantees gave. */
export interface Ideal {
  shareBps: number[]
  guaranteedBps: number[]
}

/**
 * The ideal of an interval: everybody's guarantee, scaled where they do not fit, and weighted max-min of what is left, up to
 * what each offers and may send.
 *
 * @param capacityBps - what the NIC can send; 0: nothing
 */
export function idealOf(vifs: readonly WeightedVif[], capacityBps: number, interval: number): Ideal {
  const demands = vifs.map(({ columns: { demandBps, minBps, rateBps }, weight }) => ({
    demandBps: Math.round(demandBps[interval]!),
    minBps: Math.floor(minBps[interval] ?? 0),
    capBps: Math.floor(rateBps[interval] ?? Infinity),
    weight,
  }))
  const shares = new Shares()
  shares.compute(Math.floor(capacityBps), demands)
  return {
    shareBps: demands.map((_, i) => shares.shares[i]!),
    guaranteedBps: demands.map(({ demandBps, capBps }, i) => Math.min(shares.guarantees[i]!, demandBps, capBps)),
  }
}

/** Whether one of some vifs gets another rate than its ideal, by more than `part` of that. */
export function isOffIdeal(
  vifs: readonly WeightedVif[],
  ideal: Ideal,
  interval: number,
  part: number,
  wanted: readonly number[],
): boolean {
  return wanted.some((k) => {
    const share = ideal.shareBps[k]!
    return Math.abs(vifs[k]!.columns.throughputBps[interval]! - share) > part * share
  })
}

/**
 * Of what is left beside the guarantees the part that others got than those who should: over some intervals together, and
 * vif by vif. null: nothing was left for anybody.
 */
export function surplusError(
  ends: readonly number[],
  intervals: readonly number[],
  capacityBps: readonly number[],
  vifs: readonly WeightedVif[],
): number | null {
  const widths = widthsOf(ends)
  const got = vifs.map(() => 0)
  const due = vifs.map(() => 0)
  for (const i of intervals) {
    const { shareBps, guaranteedBps } = idealOf(vifs, capacityBps[i]!, i)
    vifs.forEach(({ columns }, k) => {
      got[k]! += (columns.throughputBps[i]! - guaranteedBps[k]!) * widths[i]!
      due[k]! += (shareBps[k]! - guaranteedBps[k]!) * widths[i]!
    })
  }
  const all = due.reduce((sum, each) => sum + each, 0)
  // What one has too much another has too little.
  const moved = due.reduce((sum, each, k) => sum + Math.abs(got[k]! - each), 0) / 2
  return all > 0 ? moved / all : null
}
