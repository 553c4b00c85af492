import { checkInteger, checkList, checkObject } from '../arguments.ts'
import { type Allocation, mostBps, mostWeight, type VifDemand } from './policy.ts'
import { WaterFilling } from './water-filling.ts'

/** Of its min: all of it, or the part that the capacity has for it. */
export const scaleOf = (capacityBps: number, minsBps: number): number =>
  minsBps > capacityBps ? capacityBps / minsBps : 1

/**
 * The arithmetic of all policies: first everybody's guarantee as far as it is wanted, then weighted max-min of the
 * rest up to what each wants and may have. Results are in the columns `guarantees` and `shares`, and in `surplusBps`.
 */
export class Shares {
  readonly water = new WaterFilling()
  guarantees = new Float64Array(0)
  shares = new Float64Array(0)
  /** What guarantees leave over as far as they are wanted. */
  surplusBps = 0

  /**
   * @returns what of the capacity nobody wants
   * @throws RingbackError ERR_INVALID_ARGUMENT, ERR_OUT_OF_RANGE
   */
  compute(capacityBps: number, vifs: readonly VifDemand[]): number {
    checkInteger(capacityBps, 'capacityBps', 0, mostBps)
    checkList(vifs, 'vifs')
    this.#reserve(vifs.length)
    const { water, guarantees, shares } = this
    let minsBps = 0
    for (let i = 0; i < vifs.length; i++) {
      checkDemand(vifs[i]!)
      minsBps += minOf(vifs[i]!)
    }
    const scale = scaleOf(capacityBps, minsBps)
    let left = capacityBps
    for (let i = 0; i < vifs.length; i++) {
      const vif = vifs[i]!
      const guarantee = Math.floor(minOf(vif) * scale)
      const limit = Math.min(vif.demandBps, vif.capBps)
      const served = Math.min(guarantee, limit)
      guarantees[i] = guarantee
      shares[i] = served
      left -= served
      water.wanted[i] = limit - served
      water.weights[i] = vif.weight
    }
    this.surplusBps = left
    water.fill(left, vifs.length)
    for (let i = 0; i < vifs.length; i++) {
      shares[i]! += water.given[i]!
      left -= water.given[i]!
    }
    return left
  }

  #reserve(count: number): void {
    this.water.reserve(count)
    if (count <= this.shares.length) return
    this.guarantees = new Float64Array(count)
    this.shares = new Float64Array(count)
  }
}

const minOf = ({ minBps, capBps }: VifDemand): number => Math.min(minBps, capBps)

/** The allocations to fill in: those that there are, and new ones for what is missing. */
export function resized(results: Allocation[], count: number): Allocation[] {
  while (results.length < count) results.push({ rateBps: 0, guaranteeBps: 0, shareBps: 0 })
  results.length = count
  return results
}

function checkDemand(vif: VifDemand): void {
  checkObject(vif, 'each of vifs')
  checkInteger(vif.minBps, 'minBps', 0, mostBps)
  if (vif.capBps !== Infinity) checkInteger(vif.capBps, 'capBps', 0, mostBps)
  if (vif.demandBps !== Infinity) checkInteger(vif.demandBps, 'demandBps', 0, mostBps)
  if (vif.headroomBps !== undefined) checkInteger(vif.headroomBps, 'headroomBps', 0, mostBps)
  checkInteger(vif.weight, 'weight', 1, mostWeight)
}
