import type { Allocation, Policy, VifDemand } from './policy.ts'
import { resized, Shares } from './shares.ts'

/**
 * Leaves every vif its cap; shares and guarantees are for others to use.
 *
 * - `credit`, Xen's: nobody uses them. They say what each would have to get.
 * - `reserved`: a shaper that knows guarantees and weights decides packet by packet, and is told of the guarantees here,
 *   scaled where they do not fit.
 */
export class CapPolicy implements Policy {
  readonly name: 'credit' | 'reserved'
  readonly #shares = new Shares()

  constructor(name: 'credit' | 'reserved') {
    this.name = name
  }

  allocate(capacityBps: number, vifs: readonly VifDemand[], results: Allocation[] = []): Allocation[] {
    this.#shares.compute(capacityBps, vifs)
    const { guarantees, shares } = this.#shares
    const all = resized(results, vifs.length)
    for (let i = 0; i < vifs.length; i++) {
      const one = all[i]!
      one.rateBps = vifs[i]!.capBps
      one.guaranteeBps = guarantees[i]!
      one.shareBps = shares[i]!
    }
    return all
  }
}
