import fc from 'fast-check'
import type { VifDemand } from 'ringback/policy'

// Random vifs and uplinks, and an exact check of weighted max-min.

/** Whole numbers of all sizes up to 10^13. */
const bps = fc.oneof(fc.nat(20), fc.nat(2_000), fc.nat(1_000_000_000), fc.integer({ min: 0, max: 1e13 }))
export const amounts = fc.oneof({ weight: 9, arbitrary: bps }, { weight: 1, arbitrary: fc.constant(1e15) })
const weights = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 10_000 }))
const limits = fc.oneof({ weight: 3, arbitrary: bps }, { weight: 1, arbitrary: fc.constant(Infinity) })

export const wants = fc.array(fc.record({ wantedBps: limits, weight: weights }), { maxLength: 12 })

export type Vif = Required<VifDemand>
export const vif: fc.Arbitrary<Vif> = fc
  .tuple(bps, limits, weights, limits, fc.nat(1_000), fc.boolean())
  .map(([min, extra, weight, demandBps, headroomBps, isPressed]) => ({
    minBps: min,
    capBps: Math.max(1, min + extra),
    weight,
    demandBps,
    headroomBps,
    isPressed,
  }))

export interface World {
  capacityBps: number
  vifs: Vif[]
}

/** Uplinks of any capacity, so that mins often do not fit; and in half of the cases one for which they do. */
export const worlds: fc.Arbitrary<World> = fc
  .tuple(amounts, fc.array(vif, { maxLength: 10 }), fc.boolean())
  .map(([amount, vifs, isAdmitted]) => ({
    capacityBps: isAdmitted ? Math.min(1e15, amount + sum(vifs.map(({ minBps }) => minBps))) : amount,
    vifs,
  }))

export const sum = (values: Iterable<number>): number => {
  let total = 0
  for (const value of values) total += value
  return total
}

export interface Filled {
  givenBps: number
  wantedBps: number
  weight: number
}

/**
 * What is wrong with a weighted max-min, exactly: nobody may have more than a bit above the level of one who wants more and is more
 * than a bit below it.
 */
export function maxMinProblem(all: readonly Filled[]): string | null {
  for (const poor of all) {
    if (poor.givenBps >= poor.wantedBps) continue
    for (const rich of all) {
      if (rich === poor) continue
      const [above, below] = [BigInt(rich.givenBps - 1), BigInt(poor.givenBps + 1)]
      if (above * BigInt(poor.weight) > below * BigInt(rich.weight))
        return `${rich.givenBps} for weight ${rich.weight}, but ${poor.givenBps} for weight ${poor.weight}`
    }
  }
  return null
}
