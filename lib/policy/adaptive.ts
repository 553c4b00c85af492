import type { Allocation, Policy, VifDemand } from './policy.ts'
import { resized, Shares } from './shares.ts'

/**
 * An idle vif may always send so much of its part, by weight, of what guarantees leave over: else one without a min could never
 * show that it woke. One that wants more gets more than that anyway.
 */
const probe = 0.1

/**
 * The thesis's: every vif's limit follows what it and the others want.
 *
 * - Never less than the guarantee: a vif that wakes does not wait for its detection.
 * - What nobody wants is shared again by weight, up to the caps.
 * - A vif whose demand is met may send its headroom more. Guarantee, headroom and the probe of a vif that does not use them are
 *   lent to the others, so limits may add up to more than the capacity; what is sent does not, as long as demands hold.
 */
export class AdaptivePolicy implements Policy {
  readonly name = 'adaptive'
  readonly #shares = new Shares()

  allocate(capacityBps: number, vifs: readonly VifDemand[], results: Allocation[] = []): Allocation[] {
    const unwantedBps = this.#shares.compute(capacityBps, vifs)
    const { guarantees, shares, surplusBps, water } = this.#shares
    const all = resized(results, vifs.length)
    let weights = 0
    for (let i = 0; i < vifs.length; i++) {
      weights += vifs[i]!.weight
      water.wanted[i] = vifs[i]!.capBps - shares[i]!
    }
    water.fill(unwantedBps, vifs.length)
    const probeBps = (probe * surplusBps) / weights
    for (let i = 0; i < vifs.length; i++) {
      const vif = vifs[i]!
      const share = shares[i]!
      const headroom = share >= vif.demandBps ? (vif.headroomBps ?? 0) : 0
      const lent = Math.max(guarantees[i]!, Math.floor(probeBps * vif.weight), share + headroom)
      const one = all[i]!
      one.rateBps = Math.min(vif.capBps, Math.max(lent, share + water.given[i]!))
      one.guaranteeBps = guarantees[i]!
      one.shareBps = share
    }
    return all
  }
}
