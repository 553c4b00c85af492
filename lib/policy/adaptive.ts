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
 * - What nobody wants is shared again by weight, up to the caps: first among those who are pressed, of whose demand only so much is
 *   known as they were let, then among the others.
 * - A vif whose demand is met may send its headroom more. Guarantee, headroom and the probe of a vif that does not use them are
 *   lent to the others, so limits may add up to more than the capacity; what is sent does not, as long as demands hold.
 */
export class AdaptivePolicy implements Policy {
  readonly name = 'adaptive'
  readonly #shares = new Shares()

  allocate(capacityBps: number, vifs: readonly VifDemand[], results: Allocation[] = []): Allocation[] {
    const unwantedBps = this.#shares.compute(capacityBps, vifs)
    const { guarantees, shares, surplusBps } = this.#shares
    const all = resized(results, vifs.length)
    let weights = 0
    for (let i = 0; i < vifs.length; i++) {
      weights += vifs[i]!.weight
      all[i]!.rateBps = shares[i]!
    }
    const leftBps = this.#lend(unwantedBps, vifs, all, true)
    this.#lend(leftBps, vifs, all, false)
    const probeBps = (probe * surplusBps) / weights
    for (let i = 0; i < vifs.length; i++) {
      const vif = vifs[i]!
      const share = shares[i]!
      const headroom = share >= vif.demandBps ? (vif.headroomBps ?? 0) : 0
      const lent = Math.max(guarantees[i]!, Math.floor(probeBps * vif.weight), share + headroom)
      const one = all[i]!
      one.rateBps = Math.min(vif.capBps, Math.max(lent, one.rateBps))
      one.guaranteeBps = guarantees[i]!
      one.shareBps = share
    }
    return all
  }

  /** Adds what nobody wants to the rates of those who are pressed, or of the others; returns what their caps left of it. */
  #lend(amountBps: number, vifs: readonly VifDemand[], all: Allocation[], isPressed: boolean): number {
    const { water } = this.#shares
    for (let i = 0; i < vifs.length; i++) {
      const vif = vifs[i]!
      water.wanted[i] = (vif.isPressed ?? false) === isPressed ? vif.capBps - all[i]!.rateBps : 0
    }
    water.fill(amountBps, vifs.length)
    let left = amountBps
    for (let i = 0; i < vifs.length; i++) {
      all[i]!.rateBps += water.given[i]!
      left -= water.given[i]!
    }
    return left
  }
}
